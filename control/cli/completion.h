// Completes a command line that is being typed: the words that may stand where the cursor is.
//
// The shells' scripts ask `tealgate __complete WORD...` at each Tab, so that what they offer is
// what this program's command table has, and names of pools and servers are those of the daemon
// that runs. No parsing: a line half typed is allowed to be wrong.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tealgate::cli {

// The answer to GET /v1/status, or "" where nobody answers; `socket` is what the line says, may be
// empty.
using AskStatus = std::function<std::string(const std::string& socket)>;

// `words` are those behind the program's name, the last one the word under the cursor. No
// candidates: it is a file's name, or something that only the operator knows.
std::vector<std::string> complete(const std::vector<std::string>& words,
                                  const AskStatus& ask_status);

// The script of a shell that asks for them: "bash", "zsh" or "fish"; "" for another.
std::string_view completion_script(std::string_view shell);

}  // namespace tealgate::cli
