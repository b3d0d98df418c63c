// Events, their wording, merge patches, the stream to a reader, and the text of metrics.
#include "control/telemetry.h"

#include "base/histogram.h"
#include "control/event_stream.h"
#include "control/event_wording.h"
#include "control/merge_patch.h"
#include "control/metrics_text.h"
#include "unit/control/api_vocabulary.h"

using namespace tealgate;
using namespace tealgate::api_test;
using namespace std::chrono_literals;

namespace {

// A reader of the stream, and what it was sent.
struct Reader {
  explicit Reader(Served& served, EventStream::Order order = {})
      : stream(served.deploy.loop, served.telemetry, std::move(order),
               {[this](std::string text) { sent.push_back(std::move(text)); },
                [this] { is_cut = true; }}) {
    stream.begin();
  }
  static std::string name_of(const std::string& message) {
    return message.substr(7, message.find('\n') - 7);
  }
  static Json data_of(const std::string& message) {
    return Json::parse(message.substr(message.find("data: ") + 6));
  }
  Json last() const { return data_of(sent.back()); }

  std::vector<std::string> sent;
  bool is_cut = false;
  EventStream stream;
};

EventStream::Order all_services() {
  return {Access{Role::Viewer, std::nullopt, ""}};
}

Json event(const std::string& name, const std::string& service = "") {
  Json object = {{"event", name}};
  if (!service.empty()) object["service"] = service;
  return object;
}

}  // namespace

TEST_CASE("Events: each has an id of its own, and those after one are known") {
  Events events(WallTime(1s));
  events.add(event("a"));
  const std::string seen = events.last_id();
  events.add(event("b"));
  events.add(event("c"));
  const auto missed = events.after(seen);
  REQUIRE(missed);
  REQUIRE(missed->size() == 2);
  CHECK(missed->front()["event"] == "b");
  CHECK(missed->front()["id"] != missed->back()["id"]);
  CHECK(events.after(events.last_id())->empty());
}

TEST_CASE("Events: an id that is unknown, from another process or forgotten tells nothing") {
  Events events(WallTime(1s));
  Events other(WallTime(2s));
  other.add(event("x"));
  for (std::size_t i = 0; i <= Events::kRemembered; ++i) events.add(event("a"));
  for (const std::string& id : {std::string(), std::string("nonsense"), other.last_id(),
                                events.last_id() + "9", events.last_id() + "x"}) {
    CAPTURE(id);
    CHECK_FALSE(events.after(id));
  }
  const std::string first = "3e8-0";
  CHECK_FALSE(events.after(first));
  CHECK(events.newest(5000).size() == Events::kRemembered);
}

TEST_CASE("Event wording: what was decided, refused and measured is said in a sentence") {
  const Json decided = event_of_history({{"at", "T"},
                                         {"event", "decided"},
                                         {"kind", "switch"},
                                         {"service", "shop"},
                                         {"from", {"blue"}},
                                         {"to", {"green"}},
                                         {"by", "ci"},
                                         {"reason", "v2"},
                                         {"revision", 7}});
  CHECK(decided["event"] == "switch.decided");
  CHECK(decided["level"] == "info");
  CHECK(decided["message"] == "shop: blue → green, revision 7 by ci: v2");
  CHECK(decided["revision"] == 7);
  const Json refused = event_of_history({{"event", "refused"},
                                         {"kind", "rollback"},
                                         {"service", "shop"},
                                         {"error", {{"message", "0 of 2 up"}}}});
  CHECK(refused["event"] == "rollback.refused");
  CHECK(refused["level"] == "warning");
  CHECK(refused["message"].get<std::string>().find("0 of 2 up") != std::string::npos);
  const Json done =
      event_of_history({{"event", "finished"},
                        {"verdict", "done"},
                        {"kind", "switch"},
                        {"drain", {{"finished", 3}, {"cut", {{"http", 1}, {"stream", 1}}}}}});
  CHECK(done["event"] == "switch.done");
  CHECK(done["message"].get<std::string>().find("3 finished, 2 cut") != std::string::npos);
}

TEST_CASE(
    "Event wording: health tells what the check found, and warns of servers that are missed") {
  Served served;
  const auto event_of = [&](const ServerKey& server, const HealthEvidence& now) {
    return event_of_health(server, now, *served.deploy.control->snapshot());
  };
  HealthEvidence evidence;
  evidence.what = "GET /health";
  evidence.health = Health::Down;
  evidence.last.emplace();
  evidence.last->status = 503;
  evidence.last->body = "db: down";
  const Json down = event_of({"shop", "green", "g1"}, evidence);
  CHECK(down["event"] == "server.down");
  CHECK(down["level"] == "info");
  CHECK(event_of({"shop", "blue", "b1"}, evidence)["level"] == "warning");
  CHECK(down["message"] == "shop/green/g1 down: GET /health → 503 \"db: down\"");
  evidence.health = Health::Unknown;
  CHECK(event_of({"shop", "green", "g1"}, evidence).is_null());
}

TEST_CASE("Merge patch: applied to the first value it gives the second") {
  const Json before = {{"a", 1}, {"b", {{"x", {1, 2}}, {"y", "z"}}}, {"gone", true}};
  const Json after = {{"a", 1}, {"b", {{"x", {1, 3}}, {"y", "z"}}}, {"new", {{"deep", 1}}}};
  const Json patch = merge_patch_between(before, after);
  CHECK(patch == Json{{"b", {{"x", {1, 3}}}}, {"new", {{"deep", 1}}}, {"gone", nullptr}});
  Json patched = before;
  patched.merge_patch(patch);
  CHECK(patched == after);
  CHECK(merge_patch_between(after, after) == Json::object());
}

TEST_CASE("Event stream: begins with a snapshot, then tells what happens") {
  Served served;
  served.telemetry.start();
  served.telemetry.events().add(event("before", "shop"));
  Reader reader(served, all_services());
  CHECK(Reader::name_of(reader.sent.front()) == "snapshot");
  const Json snapshot = reader.last();
  CHECK(snapshot["status"]["services"].contains("shop"));
  CHECK(snapshot["figures"]["services"]["shop"]["pools"]["blue"]["requests"].is_array());
  CHECK(snapshot["events"].back()["event"] == "before");
  CHECK(snapshot["resumed"] == false);
  served.telemetry.events().add(event("later"));
  CHECK(Reader::name_of(reader.sent.back()) == "event");
  CHECK(reader.sent.back().find("\nid: " + served.telemetry.events().last_id() + "\n") !=
        std::string::npos);
  const std::size_t sent = reader.sent.size();
  served.deploy.until([&] { return reader.sent.size() > sent; });
  CHECK(Reader::name_of(reader.sent.back()) == "tick");
  CHECK(reader.last()["figures"]["services"]["shop"]["own"]["requests"] == 0);
}

TEST_CASE("Event stream: who was cut off gets exactly what he missed") {
  Served served;
  served.telemetry.events().add(event("seen"));
  EventStream::Order order = all_services();
  order.last_id = served.telemetry.events().last_id();
  served.telemetry.events().add(event("missed"));
  Reader reader(served, order);
  const Json snapshot = reader.last();
  CHECK(snapshot["resumed"] == true);
  REQUIRE(snapshot["events"].size() == 1);
  CHECK(snapshot["events"][0]["event"] == "missed");
}

TEST_CASE("Event stream: services that are none of the reader's business do not show") {
  Served served;
  served.telemetry.start();
  Reader reader(served, {Access{Role::Viewer, std::vector<std::string>{"blog"}, ""}});
  CHECK(reader.last()["status"]["services"].empty());
  CHECK(reader.last()["figures"]["services"].empty());
  const std::size_t sent = reader.sent.size();
  served.telemetry.events().add(event("switch.done", "shop"));
  served.telemetry.events().add(event("reload.done"));
  CHECK(reader.sent.size() == sent);
  served.telemetry.events().add(event("switch.done", "blog"));
  CHECK(reader.sent.size() == sent + 1);
}

TEST_CASE(
    "Event stream: in one second those who may see all are told the same, others their part") {
  Served served;
  served.telemetry.start();
  Reader first(served, all_services());
  Reader narrow(served, {Access{Role::Viewer, std::vector<std::string>{"blog"}, ""}});
  Reader second(served, all_services());
  served.deploy.until([&] { return second.sent.size() > 1; });
  CHECK(Reader::name_of(first.sent.back()) == "tick");
  CHECK(first.sent.back() == second.sent.back());
  CHECK(first.last()["figures"]["services"].contains("shop"));
  CHECK(narrow.last()["figures"]["services"].empty());
}

TEST_CASE("Event stream: the text of a second is made once") {
  const SharedJson second(Json{{"at", 1}});
  CHECK(second.text() == R"({"at":1})");
  CHECK(second.text().data() == second.text().data());
}

TEST_CASE("Telemetry: the figures of a second are made once, and anew for the next") {
  Served served;
  served.telemetry.start();
  const std::string first = served.telemetry.whole_figures(FiguresWindow::Minutes).text();
  CHECK(&served.telemetry.whole_figures(FiguresWindow::Minutes) ==
        &served.telemetry.whole_figures(FiguresWindow::Minutes));
  Reader reader(served, all_services());
  served.deploy.until([&] { return reader.sent.size() > 1; });
  CHECK(served.telemetry.whole_figures(FiguresWindow::Minutes).text() != first);
}

TEST_CASE("Event stream: a reader for whom too much waits is dropped, one that takes it is not") {
  Served served;
  Reader reader(served, all_services());
  Json large = event("large");
  large["text"] = std::string(300 * 1024, 'x');
  reader.stream.on_blocked();
  for (int i = 0; i < 3; ++i) served.telemetry.events().add(large);
  CHECK_FALSE(reader.is_cut);
  reader.stream.on_drained();
  reader.stream.on_blocked();
  for (int i = 0; i < 3; ++i) served.telemetry.events().add(large);
  CHECK_FALSE(reader.is_cut);
  served.telemetry.events().add(large);
  CHECK(reader.is_cut);
  const std::size_t sent = reader.sent.size();
  served.telemetry.events().add(event("more"));
  CHECK(reader.sent.size() == sent);
}

TEST_CASE("Metrics text: families, escaped labels, and buckets that add up") {
  MetricsText text;
  text.family("things_total", MetricsText::Type::Counter, "Things.");
  text.sample({{"name", "a\"b\\c\nd"}}, std::uint64_t{3});
  text.sample({}, 0.25);
  CHECK(text.text() ==
        "# HELP tealgate_things_total Things.\n# TYPE tealgate_things_total counter\n"
        "tealgate_things_total{name=\"a\\\"b\\\\c\\nd\"} 3\ntealgate_things_total 0.25\n");
  HistogramCounts counts;
  counts.record(3ms);
  counts.record(20s);
  MetricsText histogram;
  histogram.family("process_wait", MetricsText::Type::Histogram, "Waits.");
  histogram.histogram({{"pool", "blue"}}, counts);
  for (const char* line :
       {"process_wait_bucket{pool=\"blue\",le=\"0.002\"} 0\n",
        "process_wait_bucket{pool=\"blue\",le=\"0.005\"} 1\n",
        "process_wait_bucket{pool=\"blue\",le=\"10\"} 1\n",
        "process_wait_bucket{pool=\"blue\",le=\"+Inf\"} 2\n",
        "process_wait_sum{pool=\"blue\"} 20.003\n", "process_wait_count{pool=\"blue\"} 2\n"}) {
    CHECK_MESSAGE(histogram.text().find(line) != std::string::npos, line);
  }
}
