// Where decisions are kept over a restart: state.json in the state folder, replaced whole.
//
// StateStore is the seam for other engines; FileStateStore is the embedded one. Its calls block:
// load() at start, save() in the thread pool, one at a time (Journal sees to that). Locks that live
// as long as a connection are not saved.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/decisions.h"

namespace tealgate {

// state.json of this program; a higher version in the file is refused.
inline constexpr int kStateVersion = 1;

std::string encode_state(const Decisions& decisions);
// The error names `path`, says what is wrong and what to do.
Result<Decisions> decode_state(std::string_view text, const std::string& path);

class StateStore {
 public:
  virtual ~StateStore() = default;
  // None: there is no state yet.
  virtual Result<std::optional<Decisions>> load() = 0;
  // When it returns, `text` (of encode_state) is on disk; on an error the old state still is, or
  // (a sync failed) perhaps already this one: save the old one again.
  virtual Result<void> save(const std::string& text) = 0;
};

class FileStateStore final : public StateStore {
 public:
  explicit FileStateStore(const std::string& folder) : path_(folder + "/state.json") {}
  Result<std::optional<Decisions>> load() override;
  Result<void> save(const std::string& text) override;

 private:
  std::string path_;
};

}  // namespace tealgate
