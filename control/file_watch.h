// Decides when files that somebody changes are read again. Pure: what is seen of them, and the
// time, come as calls.
//
//   still ──seen otherwise──▶ moving ──the same for kSettled──▶ Read, still
//
// A key and its certificate are seldom written in one instant; so a set that does not fit is told
// only after it has not fitted for kPatience. Meanwhile it is read again now and then: what was in
// the way need not be in the files (no descriptors left, a certificate whose time has yet to come).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tealgate {

// What distinguishes a file's contents without reading it; all zero: there is none.
struct FileMark {
  std::string path;
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified = 0, changed = 0;  // ns
  bool operator==(const FileMark&) const = default;
};
using FileMarks = std::vector<FileMark>;

// Follows links, as whoever reads the files does. May block.
FileMarks look_at(const std::vector<std::string>& paths);

class FileWatch {
 public:
  static constexpr Duration kInterval = std::chrono::seconds(1);
  static constexpr Duration kSettling = std::chrono::milliseconds(100);  // between looks, moving
  static constexpr Duration kSettled = std::chrono::milliseconds(300);
  static constexpr Duration kPatience = std::chrono::seconds(5);
  static constexpr Duration kFirstRetry = std::chrono::seconds(2);  // then twice as long each time
  static constexpr Duration kLongestRetry = std::chrono::seconds(30);

  enum class Act : std::uint8_t { Nothing, Read };
  Act on_look(FileMarks marks, TimePoint now);
  // What came of the reading.
  void on_fitting();
  void on_misfit(TimePoint now);
  // What was read could not be used for want of time: read it again.
  void on_unused() { must_read_ = true; }

  // Whether a misfit has lasted for long enough.
  bool is_misfit_lasting(TimePoint now) const {
    return misfit_since_ != TimePoint() && now - misfit_since_ >= kPatience;
  }
  // Until the next look.
  Duration interval() const { return is_moving_ || must_read_ ? kSettling : kInterval; }

 private:
  FileMarks marks_;
  TimePoint moved_at_;
  TimePoint misfit_since_;  // none: it fits
  TimePoint retry_at_;      // while it does not
  Duration next_retry_ = kFirstRetry;
  bool is_moving_ = false;
  bool must_read_ = false;
};

}  // namespace tealgate
