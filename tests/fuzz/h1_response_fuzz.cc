// Responses, whole and in pieces: never a crash, and the pieces change nothing. The first byte
// decides the cuts and whether they answer HEAD.
#include "tests/fuzz/h1_feed.h"

using namespace tealgate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  fuzz::check_cuts(H1Parser::Role::Responses, (data[0] & 0x80) != 0 ? "HEAD" : "GET", data[0],
                   {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
