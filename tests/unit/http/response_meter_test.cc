#include "http/response_meter.h"

#include <doctest/doctest.h>

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

using enum ResponseMeter::Verdict;

// A response of which bytes wait from 0 s on; 100 bytes a second are asked for, over 10 s.
struct Response {
  ResponseMeter::Floor floor{.rate = 100, .period = 10s};
  ResponseMeter meter;

  explicit Response(std::uint64_t taken = 0) { meter.on_waiting(at(0s), taken); }
  static TimePoint at(Duration time) { return TimePoint(1h) + time; }
  ResponseMeter::Verdict judge(std::uint64_t taken, Duration time) {
    return meter.judge(at(time), taken, floor);
  }
};

}  // namespace

TEST_CASE("ResponseMeter: in a period a client takes the rate's share of it, or is too slow") {
  CHECK(Response().judge(1000, 10s) == FastEnough);
  CHECK(Response().judge(999, 10s) == TooSlow);
  CHECK(Response().judge(1, 10s) == TooSlow);
}

TEST_CASE("ResponseMeter: nothing taken is a stall, whatever the rate") {
  CHECK(Response().judge(0, 10s) == Stalled);
  Response any;
  any.floor.rate = 0;
  CHECK(any.judge(0, 10s) == Stalled);
}

TEST_CASE("ResponseMeter: a rate of 0 asks for a byte") {
  Response any;
  any.floor.rate = 0;
  CHECK(any.judge(1, 10s) == FastEnough);
  CHECK(any.judge(2, 20s) == FastEnough);
  CHECK(any.judge(2, 30s) == Stalled);
}

TEST_CASE("ResponseMeter: what was taken before does not count") {
  CHECK(Response(5000).judge(5999, 10s) == TooSlow);
  CHECK(Response(5000).judge(6000, 10s) == FastEnough);
}

TEST_CASE("ResponseMeter: each period is judged by itself") {
  Response response;
  CHECK(response.judge(50000, 10s) == FastEnough);
  CHECK(response.judge(50999, 20s) == TooSlow);
}

TEST_CASE("ResponseMeter: time in which nothing waits is no part of a period") {
  Response response;
  response.meter.on_not_waiting(Response::at(4s));
  response.meter.on_not_waiting(Response::at(5s));
  CHECK(response.meter.left(10s) == 6s);
  response.meter.on_waiting(Response::at(100s), 300);
  response.meter.on_waiting(Response::at(101s), 900);
  CHECK(response.meter.is_waiting());
  CHECK(response.judge(999, 106s) == TooSlow);
}

TEST_CASE("ResponseMeter: what is taken while nothing waits counts") {
  Response response;
  response.meter.on_not_waiting(Response::at(4s));
  response.meter.on_waiting(Response::at(100s), 990);
  CHECK(response.judge(1000, 106s) == FastEnough);
}

TEST_CASE("ResponseMeter: a new period is waited for whole") {
  Response response;
  response.meter.on_not_waiting(Response::at(4s));
  response.meter.on_waiting(Response::at(100s), 990);
  CHECK(response.judge(1000, 106s) == FastEnough);
  CHECK(response.meter.left(10s) == 10s);
  response.meter.on_not_waiting(Response::at(109s));
  CHECK(response.meter.left(10s) == 7s);
}

TEST_CASE("ResponseMeter: a shorter period after a reload may be over already") {
  Response response;
  response.meter.on_not_waiting(Response::at(4s));
  CHECK(response.meter.left(2s) == 0s);
}

TEST_CASE("ResponseMeter: begun anew, it knows nothing of before") {
  Response response;
  response.meter.on_not_waiting(Response::at(9s));
  response.meter.begin_anew();
  CHECK_FALSE(response.meter.is_waiting());
  CHECK(response.meter.left(10s) == 10s);
  response.meter.on_waiting(Response::at(20s), 7000);
  CHECK(response.judge(7999, 30s) == TooSlow);
}
