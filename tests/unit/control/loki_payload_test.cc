#include "control/loki_payload.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace tealgate;
using Json = nlohmann::ordered_json;

namespace {

using Origin = LokiChunk::Origin;
constexpr const char* kTs = "2026-11-22T14:02:11.123Z";
constexpr std::int64_t kNs = 1795356131123000000;
const WallTime kNow = WallTime(std::chrono::nanoseconds(kNs + 5'000'000'000));

std::string line(const std::string& rest, const std::string& ts = kTs) {
  return R"({"ts":")" + ts + R"(","level":"info")" + rest + "}\n";
}

Json streams(LokiPayload& payload, const std::vector<LokiChunk>& chunks,
             const LokiPayload::Labels& labels = {}) {
  const Json body = Json::parse(payload.encode(chunks, labels, kNow));
  CHECK(body.size() == 1);
  return body["streams"];
}

Json streams(const std::string& lines) {
  LokiPayload payload;
  return streams(payload, {{Origin::Access, lines}});
}

}  // namespace

TEST_CASE("LokiPayload: a line with its time, its labels and what is known of its request") {
  LokiPayload payload;
  const std::string text = line(
      R"(,"request_id":"r1","trace_id":"4bf9","client_ip":"::1","service":"shop","pool":"blue")");
  const Json all = streams(payload, {{Origin::Access, text}}, {{"site", "ber\"lin"}});
  REQUIRE(all.size() == 1);
  CHECK(all[0]["stream"] ==
        Json{{"stream", "access"}, {"service", "shop"}, {"pool", "blue"}, {"site", "ber\"lin"}});
  const Json& values = all[0]["values"];
  REQUIRE(values.size() == 1);
  CHECK(values[0] == Json::array({std::to_string(kNs),
                                  text.substr(0, text.size() - 1),
                                  {{"request_id", "r1"}, {"trace_id", "4bf9"}}}));
}

TEST_CASE("LokiPayload: what a line has not is no label and no metadata") {
  const Json all = streams(line(R"(,"status":400)"));
  CHECK(all[0]["stream"] == Json{{"stream", "access"}});
  CHECK(all[0]["values"][0].size() == 2);
}

TEST_CASE("LokiPayload: what a client sent forges no label") {
  const Json all = streams(line(
      R"(,"request_id":"a\",\"service\":\"evil\\","service":"shop","path":"/,\"pool\":\"x\"")"));
  CHECK(all[0]["stream"] == Json{{"stream", "access"}, {"service", "shop"}});
  CHECK(all[0]["values"][0][2] == Json{{"request_id", R"(a","service":"evil\)"}});
}

TEST_CASE("LokiPayload: a stream for each pool and each origin, entries in order of their time") {
  LokiPayload payload;
  const std::string blue = R"(,"service":"shop","pool":"blue")";
  const std::string green = R"(,"service":"shop","pool":"green")";
  const Json all =
      streams(payload, {{Origin::Access, line(blue + R"(,"n":3)", "2026-11-22T14:02:11.125Z") +
                                             line(green) + line(blue + R"(,"n":1)")},
                        {Origin::Daemon, "2026-11-22T14:02:11.124Z info tealgate serves\n"},
                        {Origin::Access, line(blue + R"(,"n":2)")}});
  REQUIRE(all.size() == 3);
  std::int64_t last = 0;
  for (const Json& value : all[1]["values"]) {
    CHECK(all[1]["stream"]["pool"] == "blue");
    const std::int64_t time = std::stoll(value[0].get<std::string>());
    CHECK(time > last);
    last = time;
    CHECK(Json::parse(value[1].get<std::string>())["n"].is_number());
  }
  CHECK(all[1]["values"].size() == 3);
  CHECK(Json::parse(all[1]["values"][0][1].get<std::string>())["n"] == 1);
  CHECK(Json::parse(all[1]["values"][2][1].get<std::string>())["n"] == 3);
  CHECK(all[0]["stream"]["pool"] == "green");
  CHECK(all[2]["stream"] == Json{{"stream", "daemon"}});
  CHECK(all[2]["values"][0][1] == "2026-11-22T14:02:11.124Z info tealgate serves");
}

TEST_CASE("LokiPayload: no two lines have the same time, also over bodies; a late one is moved") {
  LokiPayload payload;
  const Json first = streams(payload, {{Origin::Access, line("") + line("")}});
  CHECK(first[0]["values"][0][0] == std::to_string(kNs));
  CHECK(first[0]["values"][1][0] == std::to_string(kNs + 1));
  const Json second =
      streams(payload, {{Origin::Access, line("", "2026-11-22T14:02:11.120Z") + line("")}});
  CHECK(second[0]["values"][0][0] == std::to_string(kNs + 2));
  CHECK(second[0]["values"][1][0] == std::to_string(kNs + 3));
}

TEST_CASE("LokiPayload: a clock that was set back is believed; a line without a time has now's") {
  LokiPayload payload;
  streams(payload, {{Origin::Access, line("")}});
  const Json back = streams(payload, {{Origin::Access, line("", "2026-11-22T13:02:11.123Z")}});
  CHECK(back[0]["values"][0][0] == std::to_string(kNs - 3'600'000'000'000));
  const Json none = streams("no time\n");
  CHECK(none[0]["values"][0][0] == std::to_string(kNs + 5'000'000'000));
}
