#include "control/loki_queue.h"

#include <doctest/doctest.h>

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

using Origin = LokiChunk::Origin;
const TimePoint kNow = TimePoint(1h);

std::string lines(std::size_t count, char letter, std::size_t length = 100) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += std::string(length - 1, letter) + "\n";
  return all;
}

void put(LokiQueue& queue, std::string_view text, TimePoint now = kNow) {
  queue.put(LokiQueue::cut(Origin::Access, text), now);
}

std::string joined(const std::vector<LokiChunk>& chunks) {
  std::string all;
  for (const LokiChunk& chunk : chunks) all += chunk.lines;
  return all;
}

}  // namespace

TEST_CASE("LokiQueue: lines come out in order, and no line is cut") {
  const std::string text = lines(10'000, 'a') + lines(1, 'b', 600'000) + lines(3, 'c');
  const auto chunks = LokiQueue::cut(Origin::Access, text);
  CHECK(chunks.size() > 3);
  std::uint64_t count = 0;
  for (const LokiChunk& chunk : chunks) {
    CHECK(chunk.lines.ends_with('\n'));
    CHECK((chunk.lines.size() <= LokiQueue::kChunkBytes || chunk.count == 1));
    count += chunk.count;
  }
  CHECK(count == 10'004);
  CHECK(joined(chunks) == text);
}

TEST_CASE("LokiQueue: where there is no room the oldest go, counted") {
  LokiQueue queue;
  queue.set_limit(1000);
  put(queue, lines(6, 'a'));
  put(queue, lines(6, 'b'));
  CHECK(queue.dropped() == 6);
  CHECK(queue.bytes() == 600);
  put(queue, lines(11, 'c'));  // for which there is no room at all
  CHECK(queue.dropped() == 23);
  CHECK(queue.is_empty());
  CHECK(queue.bytes() == 0);
  put(queue, lines(3, 'd'));
  put(queue, lines(3, 'e'));
  queue.set_limit(300);
  CHECK(queue.dropped() == 26);
  CHECK(joined(queue.take(1, kNow)) == lines(3, 'e'));
}

TEST_CASE("LokiQueue: a batch is the oldest chunks, of about its size") {
  LokiQueue queue;
  queue.set_limit(100'000);
  for (const char letter : {'a', 'b', 'c'}) put(queue, lines(5, letter));
  CHECK(joined(queue.take(600, kNow)) == lines(5, 'a') + lines(5, 'b'));
  CHECK(queue.bytes() == 500);
  CHECK(joined(queue.take(600, kNow)) == lines(5, 'c'));
  CHECK(queue.is_empty());
}

TEST_CASE("LokiQueue: its age is that of its first line") {
  LokiQueue queue;
  queue.set_limit(100'000);
  put(queue, lines(1, 'a'), kNow);
  put(queue, lines(1, 'b'), kNow + 1s);
  CHECK(queue.first() == kNow);
  queue.take(1, kNow + 2s);
  CHECK(queue.first() == kNow + 2s);
  queue.take(1, kNow + 2s);
  put(queue, lines(1, 'c'), kNow + 9s);
  CHECK(queue.first() == kNow + 9s);
}
