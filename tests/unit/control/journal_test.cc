#include "control/journal.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/loop.h"
#include "control/history.h"
#include "control/state_store.h"
#include "unit/control/decisions_vocabulary.h"
#include "unit/temp_folder.h"

using namespace tealgate;

namespace {

// Replaces the file, and then says that it could not be synced; or refuses before.
struct FailingStore final : StateStore {
  enum class Fails : std::uint8_t { Never, AfterReplacing, Always };

  Result<std::optional<Decisions>> load() override {
    if (text.empty()) return std::nullopt;
    return *decode_state(text, "state.json");
  }
  Result<void> save(const std::string& next) override {
    ++saves;
    if (fails == Fails::Always) return error("disk full");
    text = next;
    return std::exchange(fails, after) == Fails::Never ? Result<void>() : error("cannot sync");
  }

  std::string text;
  Fails fails = Fails::Never;
  Fails after = Fails::Never;
  unsigned saves = 0;
};

struct Books {
  Books() { REQUIRE(journal.open(shop_config(), WallTime{})); }

  Result<void, CommandError> switch_to_green() {
    std::optional<Result<void, CommandError>> outcome;
    journal.add(
        {.change = [](const Decisions& now) -> Result<Decisions, CommandError> {
           return *apply(now, SplitChange{"shop", split_of({"green"}), decided_by("op-1"), ""});
         },
         .line = {},
         .done = [&](const Result<void, CommandError>& done) { outcome = done; }});
    while (!outcome) loop.run_once();
    return *outcome;
  }
  std::string stored_split() { return (*store.load())->find("shop")->split.to_string(); }

  TempFolder folder;
  Loop loop;
  FailingStore store;
  History history{folder.file(".")};
  Journal journal{loop, store, history};
};

}  // namespace

TEST_CASE("Journal: a decision that was not synced is taken back, so that no restart brings it") {
  Books books;
  books.store.fails = FailingStore::Fails::AfterReplacing;
  const auto outcome = books.switch_to_green();
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().message == "cannot sync; nothing was changed");
  CHECK(books.stored_split() == "blue");
  CHECK(books.journal.decisions().find("shop")->split.to_string() == "blue");
}

TEST_CASE("Journal: a decision that cannot be taken back is told as such") {
  Books books;
  books.store.fails = FailingStore::Fails::AfterReplacing;
  books.store.after = FailingStore::Fails::Always;
  const auto outcome = books.switch_to_green();
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().message ==
        "cannot sync; nothing was changed yet, but after a restart it may be (disk full)");
}

TEST_CASE("Journal: what was never replaced is not saved again") {
  Books books;
  books.store.fails = FailingStore::Fails::Always;
  books.store.saves = 0;
  const auto outcome = books.switch_to_green();
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().message == "disk full; nothing was changed");
  CHECK(books.store.saves == 1);
}
