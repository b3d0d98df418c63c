// The body of a push, as Loki's `POST /loki/api/v1/push` takes it in JSON:
//
//   {"streams":[{"stream":{"stream":"access","service":"shop","pool":"blue","site":"berlin"},
//     "values":[["1790000000123000000","{…the line…}",{"request_id":"…","trace_id":"…"}],…]}]}
//
// Labels are few and have few values; what tells requests apart is structured metadata. Owned by
// LokiPusher, on its thread. Reads no clock but for lines that have no time of their own.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "control/loki_queue.h"

namespace tealgate {

class LokiPayload {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  // Entries come out in the order of their time, each later than every one before it, also of an
  // earlier body: Loki then keeps the order within a millisecond, and takes no two lines for one.
  std::string encode(const std::vector<LokiChunk>& chunks, const Labels& labels, WallTime now);

 private:
  std::int64_t last_ = 0;  // ns since the epoch
};

}  // namespace tealgate
