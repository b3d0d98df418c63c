#include "base/log_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tealgate {
namespace {

// poll() promises room for that much in a pipe (PIPE_BUF), so that a write of it does not block.
constexpr std::size_t kPipePiece = 4096;

Result<UniqueFd> open_target(const std::string& target) {
  // Not blocking, so that a FIFO without a reader is an error and not a wait.
  UniqueFd fd(
      target == "stdout"
          ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
          : ::open(target.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640));
  if (!fd.is_open()) return error("can't open the log {}: {}", target, std::strerror(errno));
  return fd;
}

bool is_regular(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

std::uint64_t count_lines(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// At most a piece, ending with a line if one ends in it.
std::string_view first_piece(std::string_view bytes) {
  if (bytes.size() <= kPipePiece) return bytes;
  std::size_t newline = bytes.rfind('\n', kPipePiece - 1);
  return bytes.substr(0, newline == std::string_view::npos ? kPipePiece : newline + 1);
}

}  // namespace

Result<LogFile> LogFile::open(const std::string& target) {
  Result<UniqueFd> fd = open_target(target);
  if (!fd) return tl::make_unexpected(fd.error());
  return LogFile(target, std::move(*fd));
}

LogFile::LogFile(std::string target, UniqueFd fd)
    : target_(std::move(target)), fd_(std::move(fd)), is_pipe_(!is_regular(fd_.get())) {}

Result<void> LogFile::reopen() {
  if (target_ == "stdout") return {};
  Result<UniqueFd> fd = open_target(target_);
  if (!fd) return tl::make_unexpected(fd.error());
  fd_ = std::move(*fd);
  is_pipe_ = !is_regular(fd_.get());
  if (!rest_.empty()) ++dropped_;
  rest_.clear();
  return {};
}

void LogFile::write(std::string_view lines, Duration patience) {
  error_ = 0;
  if (!rest_.empty()) {
    rest_.erase(0, write_bytes(rest_, patience));
    if (!rest_.empty()) {
      dropped_ += count_lines(lines);
      return;
    }
    ++written_;
  }
  std::size_t size = write_bytes(lines, patience);
  written_ += count_lines(lines.substr(0, size));
  if (size > 0 && lines[size - 1] != '\n') {
    std::size_t end = lines.find('\n', size) + 1;
    rest_ = lines.substr(size, end - size);
    size = end;
  }
  dropped_ += count_lines(lines.substr(size));
}

std::size_t LogFile::write_bytes(std::string_view bytes, Duration patience) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    std::string_view next = bytes.substr(written);
    if (is_pipe_) {
      next = first_piece(next);
      if (!is_writable(patience)) {
        error_ = EAGAIN;
        break;
      }
    }
    ssize_t size = ::write(fd_.get(), next.data(), next.size());
    if (size > 0) {
      written += static_cast<std::size_t>(size);
    } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
      error_ = size == 0 ? EIO : errno;
      break;
    }
  }
  return written;
}

bool LogFile::is_writable(Duration patience) const {
  pollfd ready{fd_.get(), POLLOUT, 0};
  auto timeout = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
  return ::poll(&ready, 1, static_cast<int>(timeout)) > 0;
}

}  // namespace tealgate
