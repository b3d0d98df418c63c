#include "base/gzip.h"

#include <zlib.h>

#include "base/check.h"

namespace tealgate {

std::string gzip(std::string_view text) {
  constexpr int kWindow = 15, kGzipFrame = 16, kMemory = 8;
  z_stream stream{};
  const int begun = deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kWindow + kGzipFrame, kMemory,
                                 Z_DEFAULT_STRATEGY);
  CHECK(begun == Z_OK, "no memory to compress with");
  std::string packed(deflateBound(&stream, text.size()), '\0');
  // zlib does not write to it.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END, "deflateBound() is the most that it takes");
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace tealgate
