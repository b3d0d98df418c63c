#include "control/state_store.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "unit/control/decisions_vocabulary.h"
#include "unit/temp_folder.h"

using namespace tealgate;

namespace {

Decisions rich() {
  const WallTime now = WallTime{} + std::chrono::milliseconds(1763820131123);
  Decisions decisions = fit_to_config({}, shop_config(), now)->decisions;
  Split shares;
  shares.entries = {{"blue", 90}, {"green", 10}};
  decisions = *apply(decisions, SplitChange{"shop", shares, decided_by("op-1"), ""});
  decisions =
      *apply(decisions,
             ServerChange{"shop", {"blue", "10.0.0.11:80"}, AdminState::Maint, decided_by("op-2")});
  return *apply(decisions, LockChange{"shop", LockRecord{"token", "ci", "why", now, now, false}});
}

bool mentions(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("StateStore: what is encoded is decoded again, times included") {
  const std::string text = encode_state(rich());
  const auto decoded = decode_state(text, "state.json");
  REQUIRE(decoded);
  CHECK(encode_state(*decoded) == text);
  const ServiceDecisions& shop = *decoded->find("shop");
  CHECK(shop.revision == 3);
  CHECK(shop.split.to_string() == "blue=90 green=10");
  CHECK(shop.admin_state("blue", "10.0.0.11:80") == AdminState::Maint);
  CHECK(shop.lock->token == "token");
  CHECK(shop.last_switch->from.to_string() == "blue");
  CHECK(shop.past.size() == 3);
}

TEST_CASE("StateStore: a lock that lives with a connection is not kept") {
  Decisions decisions = rich();
  decisions.services.find("shop")->second.lock->held = true;
  CHECK_FALSE(decode_state(encode_state(decisions), "state.json")->find("shop")->lock);
}

TEST_CASE("StateStore: there is no state before the first save") {
  TempFolder folder;
  FileStateStore store(folder.file(""));
  const auto loaded = store.load();
  REQUIRE(loaded);
  CHECK_FALSE(*loaded);
}

TEST_CASE("StateStore: a save replaces the file whole and leaves nothing beside it") {
  TempFolder folder;
  FileStateStore store(folder.file("."));
  REQUIRE(store.save(encode_state({})));
  REQUIRE(store.save(encode_state(rich())));
  CHECK((*store.load())->find("shop")->revision == 3);
  CHECK_FALSE(std::filesystem::exists(folder.file("state.json.new")));
}

TEST_CASE("StateStore: a save that fails leaves the old state") {
  TempFolder folder;
  FileStateStore store(folder.file("."));
  REQUIRE(store.save(encode_state(rich())));
  std::filesystem::create_directory(folder.file("state.json.new"));
  const auto saved = store.save(encode_state({}));
  REQUIRE_FALSE(saved);
  CHECK(mentions(saved.error().message, "state.json"));
  CHECK((*store.load())->find("shop") != nullptr);
}

TEST_CASE("StateStore: a newer version, a torn file and another file are refused in a sentence") {
  const auto newer = decode_state("{\"version\":2,\"services\":{}}", "/s/state.json");
  REQUIRE_FALSE(newer);
  CHECK(mentions(newer.error().message, "/s/state.json is of version 2"));
  const std::string whole = encode_state(rich());
  for (std::size_t length = 0; length + 2 < whole.size(); length += 7) {
    const auto torn = decode_state(whole.substr(0, length), "/s/state.json");
    REQUIRE_FALSE(torn);
    CHECK(mentions(torn.error().message, "/s/state.json is torn"));
  }
  for (const char* text :
       {"[]", "{}", "{\"version\":1}", "{\"version\":\"1\"}", "{\"version\":-3,\"services\":{}}",
        "{\"version\":0,\"services\":{}}", "{\"version\":1,\"services\":[]}",
        "{\"version\":1,\"services\":null}", "{\"version\":1,\"services\":{\"shop\":{}}}",
        "{\"version\":1,\"services\":{\"shop\":{\"revision\":\"x\"}}}"}) {
    const auto wrong = decode_state(text, "/s/state.json");
    REQUIRE_FALSE(wrong);
    CHECK(mentions(wrong.error().message, "/s/state.json"));
    CHECK_FALSE(mentions(wrong.error().message, "json.exception"));
  }
}

TEST_CASE("StateStore: a file that cannot be read is an error, not an empty state") {
  TempFolder folder;
  std::filesystem::create_directory(folder.file("state.json"));
  CHECK_FALSE(FileStateStore(folder.file(".")).load());
}
