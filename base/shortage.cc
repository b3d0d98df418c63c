#include "base/shortage.h"

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "base/seldom.h"

namespace tealgate {

bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

void report_shortage(std::string_view doing, int error) {
  static Seldom seldom;
  if (!seldom.is_news(Clock::now())) return;
  log_warning("{}: {}; what is connected goes on, what needs more waits or fails", doing,
              std::strerror(error));
}

}  // namespace tealgate
