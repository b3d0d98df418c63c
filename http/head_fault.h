// What is wrong with a head: the Failure that it means for the exchange, and a literal that says it
// in words.
#pragma once

#include <string_view>

#include "http/failure.h"

namespace tealgate {

struct HeadFault {
  Failure failure = Failure::None;
  std::string_view detail;
  explicit operator bool() const { return failure != Failure::None; }
};

}  // namespace tealgate
