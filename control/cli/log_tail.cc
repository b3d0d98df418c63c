#include "control/cli/log_tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace tealgate::cli {
namespace {

off_t size_of(int fd) {
  struct stat found {};
  return ::fstat(fd, &found) == 0 ? found.st_size : 0;
}

}  // namespace

int LogTail::open() {
  UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.is_open()) return errno;
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0) return errno;
  if (!S_ISREG(found.st_mode)) return S_ISDIR(found.st_mode) ? EISDIR : ESPIPE;
  fd_ = std::move(fd);
  offset_ = 0;
  begun_.clear();
  return 0;
}

std::vector<std::string> LogTail::newest(std::size_t limit, const Judge& judge) {
  std::vector<std::string> lines;  // newest first
  const off_t end = size_of(fd_.get());
  const off_t stop = std::max<off_t>(0, end - static_cast<off_t>(kLooksBack));
  bool is_at_end = true;
  std::string tail;  // what stands before the lines that were judged
  auto take = [&](std::string_view line) {
    const LogVerdict verdict = judge(line);
    if (verdict == LogVerdict::Shown && lines.size() < limit) lines.emplace_back(line);
    return verdict != LogVerdict::TooOld && lines.size() < limit;
  };
  offset_ = end;
  for (off_t at = end; at > stop && error_ == 0;) {
    const off_t from = std::max<off_t>(stop, at - static_cast<off_t>(kPiece));
    tail.insert(0, read_at(from, static_cast<std::size_t>(at - from)));
    at = from;
    for (std::size_t newline; (newline = tail.rfind('\n')) != tail.npos; tail.resize(newline)) {
      const std::string line = tail.substr(newline + 1);
      if (std::exchange(is_at_end, false)) {
        offset_ = end - static_cast<off_t>(line.size());
      } else if (!take(line)) {
        std::ranges::reverse(lines);
        return lines;
      }
    }
  }
  if (stop == 0 && is_at_end) offset_ = 0;
  if (stop == 0 && !is_at_end) take(tail);
  std::ranges::reverse(lines);
  return lines;
}

LogTail::More LogTail::next(const OnLine& on_line) {
  if (fd_.is_open()) {
    if (size_of(fd_.get()) < offset_) {  // truncated, and begun again
      offset_ = 0;
      begun_.clear();
    }
    if (read_piece(on_line) == kPiece) return More::AtOnce;
  }
  if (!has_successor()) return More::NotNow;
  while (fd_.is_open() && read_piece(on_line) > 0) {
  }
  const int error = open();
  if (error == 0) return More::AtOnce;
  if (error != ENOENT) error_ = error;  // it may be renamed just now
  return More::NotNow;
}

std::string LogTail::read_at(off_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t count = ::pread(fd_.get(), bytes.data(), size, offset);
  if (count < 0) error_ = errno;
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

std::size_t LogTail::read_piece(const OnLine& on_line) {
  const std::string bytes = read_at(offset_, kPiece);
  offset_ += static_cast<off_t>(bytes.size());
  std::string_view rest = bytes;
  for (std::size_t newline; (newline = rest.find('\n')) != rest.npos;) {
    begun_.append(rest.substr(0, newline));
    on_line(std::exchange(begun_, {}));
    rest.remove_prefix(newline + 1);
  }
  begun_.append(rest);
  if (begun_.size() > kLongestLine) begun_.clear();
  return bytes.size();
}

bool LogTail::has_successor() const {
  struct stat there {};
  struct stat ours {};
  if (::stat(path_.c_str(), &there) != 0 || there.st_size == 0) return false;
  if (!fd_.is_open() || ::fstat(fd_.get(), &ours) != 0) return true;
  return there.st_ino != ours.st_ino || there.st_dev != ours.st_dev;
}

}  // namespace tealgate::cli
