// Paths and authorities: normalising is idempotent on what it leaves plain, leaves no dot segment,
// and agrees with its cheap test.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/target.h"

using namespace tealgate;

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

void check_path(std::string_view path) {
  const std::string normal = normalised_path(path);
  if (is_normal_path(path)) demand(normal == path);
  if (!normal.starts_with('/')) return;
  demand(normal.size() <= path.size() + 1);
  demand(normal.find("//") == std::string::npos);
  demand((normal + "/").find("/./") == std::string::npos);
  demand((normal + "/").find("/../") == std::string::npos);
}

void check_authority(std::string_view text) {
  const std::string_view host = host_of(text);
  demand(text.starts_with(host));
  if (!is_authority(text)) return;
  demand(!host.empty());
  for (const char c : text) demand(c > 0x20 && c < 0x7f && c != '/' && c != '@');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_path(text);
  check_path("/" + std::string(text));
  check_authority(text);
  const std::string target(text);
  RequestHead head;
  head.method = "GET";
  head.target = target;
  if (!read_target(1, "h", head)) {
    demand(!head.path.empty() && !head.authority.empty());
    demand(head.path.find_first_of("?#") == std::string_view::npos);
  }
  return 0;
}
