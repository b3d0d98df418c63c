// CHECK(condition, words): for what cannot happen. Aborts with file, line and words.
//
// Include it from .cc files only: doctest has a macro of the same name, and tests include our
// headers.
#pragma once

namespace tealgate {

[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               const char* words);

}  // namespace tealgate

#define CHECK(condition, words) \
  ((condition) ? void() : ::tealgate::check_failed(__FILE__, __LINE__, #condition, words))
