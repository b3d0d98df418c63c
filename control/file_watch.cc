#include "control/file_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace tealgate {
namespace {

std::int64_t in_ns(const timespec& time) {
  return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

}  // namespace

FileMarks look_at(const std::vector<std::string>& paths) {
  FileMarks marks;
  for (const std::string& path : paths) {
    FileMark& mark = marks.emplace_back(FileMark{.path = path});
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) continue;
    mark.device = status.st_dev;
    mark.inode = status.st_ino;
    mark.size = static_cast<std::uint64_t>(status.st_size);
    mark.modified = in_ns(status.st_mtim);
    mark.changed = in_ns(status.st_ctim);
  }
  return marks;
}

FileWatch::Act FileWatch::on_look(FileMarks marks, TimePoint now) {
  if (marks != marks_) {
    marks_ = std::move(marks);
    moved_at_ = now;
    is_moving_ = true;  // at the first look, too: it may have changed since the start
    next_retry_ = kFirstRetry;
  }
  if (is_moving_ && now - moved_at_ < kSettled) return Act::Nothing;
  const bool is_retry = misfit_since_ != TimePoint() && now >= retry_at_;
  if (!is_moving_ && !must_read_ && !is_retry) return Act::Nothing;
  is_moving_ = must_read_ = false;
  return Act::Read;
}

void FileWatch::on_fitting() {
  misfit_since_ = {};
  next_retry_ = kFirstRetry;
}

void FileWatch::on_misfit(TimePoint now) {
  if (misfit_since_ == TimePoint()) misfit_since_ = now;
  retry_at_ = now + next_retry_;
  next_retry_ = std::min(2 * next_retry_, kLongestRetry);
}

}  // namespace tealgate
