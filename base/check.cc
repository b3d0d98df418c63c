#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tealgate {

void check_failed(const char* file, int line, const char* condition, const char* words) {
  std::fprintf(stderr, "%s:%d: impossible: %s (%s)\n", file, line, words, condition);
  std::abort();
}

}  // namespace tealgate
