#include "control/cli/output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <ostream>

namespace tealgate::cli {

Output::Output(std::ostream& stream, int descriptor)
    : stream_(stream), before_(stream.rdbuf(this)), descriptor_(descriptor) {
  setp(bytes_.data(), bytes_.data() + bytes_.size());
}

Output::~Output() {
  sync();
  stream_.rdbuf(before_);
}

int Output::finish() {
  sync();
  return error_;
}

Output::int_type Output::overflow(int_type next) {
  if (sync() != 0) return traits_type::eof();
  if (!traits_type::eq_int_type(next, traits_type::eof())) sputc(traits_type::to_char_type(next));
  return traits_type::not_eof(next);
}

// What could not be written is given up. Whoever shares stdout with us may have made it
// non-blocking.
int Output::sync() {
  const char* at = pbase();
  while (at < pptr() && error_ == 0) {
    const ssize_t count = ::write(descriptor_, at, static_cast<std::size_t>(pptr() - at));
    if (count >= 0) {
      at += count;
    } else if (errno == EAGAIN) {
      pollfd room{descriptor_, POLLOUT, 0};
      ::poll(&room, 1, -1);
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  setp(bytes_.data(), bytes_.data() + bytes_.size());
  return error_ == 0 ? 0 : -1;
}

}  // namespace tealgate::cli
