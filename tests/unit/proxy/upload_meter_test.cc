#include "proxy/upload_meter.h"

#include <doctest/doctest.h>

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

// An upload that began at 0 s.
struct Upload {
  UploadMeter::Limits limits{.bytes = 0, .rate = 100, .grace = 10s};
  UploadMeter meter;

  Upload() { meter.begin(at(0s)); }
  static TimePoint at(Duration time) { return TimePoint(1h) + time; }
  Failure bytes(std::uint64_t count, Duration time) {
    return meter.on_bytes(count, at(time), limits);
  }
};

}  // namespace

TEST_CASE("UploadMeter: a body may be as large as the limit, and not a byte larger") {
  Upload upload;
  upload.limits.bytes = 1000;
  CHECK(upload.bytes(999, 1s) == Failure::None);
  CHECK(upload.bytes(1, 1s) == Failure::None);
  CHECK(upload.bytes(1, 1s) == Failure::BodyTooLarge);
}

TEST_CASE("UploadMeter: without a limit any size will do") {
  Upload upload;
  CHECK(upload.bytes(std::uint64_t{1} << 60, 1s) == Failure::None);
}

TEST_CASE("UploadMeter: the rate counts after the grace") {
  Upload upload;
  CHECK(upload.bytes(1, 9s) == Failure::None);
  CHECK(upload.bytes(1, 10s) == Failure::None);
  CHECK(upload.bytes(1, 10001ms) == Failure::BodyTimeout);
}

TEST_CASE("UploadMeter: the average counts, not the last piece") {
  Upload upload;
  CHECK(upload.bytes(2000, 1s) == Failure::None);
  CHECK(upload.bytes(1, 20s) == Failure::None);
  CHECK(upload.bytes(98, 21s) == Failure::BodyTimeout);
}

TEST_CASE("UploadMeter: time in which the server takes nothing is not the client's") {
  Upload upload;
  CHECK(upload.bytes(1000, 1s) == Failure::None);
  upload.meter.on_paused(Upload::at(2s));
  upload.meter.on_paused(Upload::at(3s));
  CHECK(upload.bytes(1, 50s) == Failure::None);
  upload.meter.on_resumed(Upload::at(102s));
  upload.meter.on_resumed(Upload::at(103s));
  CHECK(upload.bytes(1, 110s) == Failure::None);
  CHECK(upload.bytes(1, 111s) == Failure::BodyTimeout);
}

TEST_CASE("UploadMeter: a rate of 0 asks for nothing") {
  Upload upload;
  upload.limits.rate = 0;
  CHECK(upload.bytes(1, 10h) == Failure::None);
}
