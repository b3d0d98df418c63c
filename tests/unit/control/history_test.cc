#include "control/history.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "control/recovery.h"
#include "unit/control/decisions_vocabulary.h"
#include "unit/temp_folder.h"

using namespace tealgate;

namespace {

using Json = nlohmann::ordered_json;

void put(const TempFolder& folder, const std::string& text) {
  std::ofstream(folder.file("history.jsonl"), std::ios::binary) << text;
}

Json line(const std::string& event, const std::string& operation, std::uint64_t revision) {
  return {{"event", event}, {"service", "shop"}, {"operation", operation}, {"revision", revision}};
}

Decisions at_revision_2() {
  const Decisions first = fit_to_config({}, shop_config(), WallTime{})->decisions;
  return *apply(first, SplitChange{"shop", split_of({"green"}), decided_by("op-1"), ""});
}

}  // namespace

TEST_CASE("History: lines are appended, and the newest come last") {
  TempFolder folder;
  History history(folder.file("."));
  REQUIRE(history.open());
  for (int i = 1; i <= 3; ++i) {
    const std::string text = line("decided", "op", static_cast<std::uint64_t>(i)).dump();
    REQUIRE(history.append(text));
    history.remember(text);
  }
  const auto newest = history.newest("shop", 2);
  REQUIRE(newest.size() == 2);
  CHECK(newest[1]["revision"] == 3);
  CHECK(history.newest("other", 2).empty());

  History again(folder.file("."));
  REQUIRE(again.open());
  CHECK(again.newest("", 10).size() == 3);
}

TEST_CASE("History: a last line torn by a crash is cut off") {
  for (const char* torn : {"{\"event\":\"dec", "{\"event\":\"decided\"}", "{\"event\n"}) {
    TempFolder folder;
    put(folder, std::string("{\"event\":\"a\"}\n") + torn);
    History history(folder.file("."));
    REQUIRE(history.open());
    CHECK(folder.read("history.jsonl") == "{\"event\":\"a\"}\n");
    REQUIRE(history.append("{\"event\":\"b\"}"));
    CHECK(folder.read("history.jsonl") == "{\"event\":\"a\"}\n{\"event\":\"b\"}\n");
  }
}

TEST_CASE("History: a file however long is opened by its end") {
  TempFolder folder;
  put(folder, "");
  constexpr std::uintmax_t kHole = std::uintmax_t{64} << 30;
  std::filesystem::resize_file(folder.file("history.jsonl"), kHole);
  {
    std::ofstream file(folder.file("history.jsonl"), std::ios::app | std::ios::binary);
    for (int i = 0; i < 3000; ++i) {
      file << '\n' << line("decided", "op", static_cast<std::uint64_t>(i)).dump();
    }
    file << "\n{\"torn";
  }
  History history(folder.file("."));
  REQUIRE(history.open());
  const auto newest = history.newest("", 2000);
  REQUIRE(newest.size() == History::kRemembered);
  CHECK(newest.front()["revision"] == 2000);
  CHECK(newest.back()["revision"] == 2999);
  REQUIRE(history.append("{}"));
  std::ifstream file(folder.file("history.jsonl"), std::ios::binary);
  file.seekg(-7, std::ios::end);
  std::string end{std::istreambuf_iterator<char>(file), {}};
  CHECK(end == "99}\n{}\n");
}

TEST_CASE("History: a file that is one torn line becomes empty") {
  TempFolder folder;
  put(folder, "{\"ev");
  History history(folder.file("."));
  REQUIRE(history.open());
  CHECK(folder.read("history.jsonl").empty());
}

TEST_CASE("Recovery: a decision without its line gets one, and both ends are marked") {
  const auto lines = lines_after_crash(at_revision_2(), {line("decided", "", 1)}, WallTime{});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["event"] == "decided");
  CHECK(lines[0]["revision"] == 2);
  CHECK(lines[0]["recovered"] == true);
  CHECK(lines[1]["event"] == "interrupted");
  CHECK(lines[1]["operation"] == "op-1");
}

TEST_CASE("Recovery: an operation that was decided and not finished was interrupted") {
  const auto lines = lines_after_crash(at_revision_2(), {line("decided", "op-1", 2)}, WallTime{});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0]["event"] == "interrupted");
}

TEST_CASE("Recovery: what was decided before the newest lines has its own, though unknown here") {
  Json newer = line("finished", "op-9", 9);
  newer["service"] = "other";
  newer["at"] = format_wall_time(WallTime{} + std::chrono::hours(1));
  const std::vector<Json> newest(History::kRemembered, newer);
  CHECK(lines_after_crash(at_revision_2(), newest, WallTime{}).empty());
}

TEST_CASE("Recovery: a newer line is no proof that a decision has its own: clocks step") {
  Json newer = line("refused", "op-1", 1);
  newer["at"] = format_wall_time(WallTime{} + std::chrono::hours(1));
  const auto lines =
      lines_after_crash(at_revision_2(), {line("decided", "", 1), newer}, WallTime{});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["recovered"] == true);
}

TEST_CASE("Recovery: the line of another operation of the same revision is not its own") {
  const auto lines = lines_after_crash(
      at_revision_2(), {line("decided", "op-0", 2), line("finished", "op-0", 2)}, WallTime{});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["operation"] == "op-1");
}

TEST_CASE("Recovery: a history that was taken away begins with what holds") {
  const auto lines = lines_after_crash(at_revision_2(), {}, WallTime{});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0]["event"] == "decided");
}

TEST_CASE("Recovery: what is complete needs nothing, also a second time") {
  CHECK(lines_after_crash(at_revision_2(),
                          {line("decided", "op-1", 2), line("finished", "op-1", 2)}, WallTime{})
            .empty());
  CHECK(lines_after_crash(at_revision_2(),
                          {line("decided", "op-1", 2), line("interrupted", "op-1", 2)}, WallTime{})
            .empty());
}
