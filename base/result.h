// Errors that are expected (network, file, operator) travel as values.
//
// An Error is one sentence for a person: what, where, and what would be right. It carries no stack
// and no code; where a caller must tell errors apart, the function returns its own error type
// (http/failure.h, control/command_error.h).
#pragma once

#include <fmt/core.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace tealgate {

struct Error {
  std::string message;
};

template <class T, class E = Error>
using Result = tl::expected<T, E>;

// error("{}: port in use", address) is the failed end of a function that returns Result.
template <class... Args>
tl::unexpected<Error> error(fmt::format_string<Args...> format, Args&&... args) {
  return tl::make_unexpected(Error{fmt::format(format, std::forward<Args>(args)...)});
}

}  // namespace tealgate
