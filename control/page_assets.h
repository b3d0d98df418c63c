// The dashboard's page: the files of dashboard/built, which the build puts into the program
// (cmake/EmbedFiles.cmake), and how one of them is answered.
//
// Pure; the bytes are constants. It holds no data of the daemon, so anybody may have it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tealgate {

struct PageAsset {
  std::string_view path;    // "/", "/assets/app.js"
  std::string_view name;    // the file's: "app.js"
  std::string_view sha256;  // of the plain bytes, in hex
  std::string_view plain;
  std::string_view gzipped;
};

std::span<const PageAsset> page_assets();
// Null: there is none.
const PageAsset* find_page_asset(std::string_view path);

// What a browser said that asks for one.
struct PageWishes {
  std::string_view accept_encoding;
  std::string_view if_none_match;
};
struct PageAnswer {
  int status = 200;    // or 304, which has no body
  std::string fields;  // complete lines
  std::string_view body;
};
PageAnswer answer_with(const PageAsset& asset, const PageWishes& wishes);

// "text/javascript; charset=utf-8" for "app.js".
std::string_view content_type_of(std::string_view file_name);

}  // namespace tealgate
