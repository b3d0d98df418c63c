// history.jsonl: who decided what, when, why and how it went. Append-only, one JSON object a line,
// each line synced.
//
// The file is opened once, by the Journal, which appends in the thread pool, one line at a time;
// the newest lines are kept in memory for those who ask. A torn last line, left by a crash, is cut
// off when the file is opened.
#pragma once

#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tealgate {

class History {
 public:
  explicit History(const std::string& folder);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  // Blocks. Reads the newest lines, however long the file is, and repairs the end. Again after
  // another process has written to it.
  Result<void> open();

  // Blocks; thread pool, or start. `line` is one JSON object without a newline. On an error the
  // file is as before.
  Result<void> append(const std::string& line);
  // After append(), on the loop's thread: makes the line one of the newest.
  void remember(const std::string& line);

  // Newest last; of all services if `service` is empty.
  std::vector<nlohmann::ordered_json> newest(std::string_view service, std::size_t limit) const;

  static constexpr std::size_t kRemembered = 1000;

 private:
  std::string path_;
  UniqueFd fd_;
  std::deque<nlohmann::ordered_json> newest_;
};

}  // namespace tealgate
