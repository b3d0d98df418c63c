// Descriptors that a process begins with: those that the daemon before it handed over, each with a
// kind and a name, until somebody takes them.
//
// What nobody takes closes with it. Main thread, at the start.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/unique_fd.h"

namespace tealgate {

struct HandedDescriptor {
  std::string kind;  // "listen", "control", "dashboard", "lock"
  std::string name;  // as configured: an address, a path
  UniqueFd fd;
};

class Inheritance {
 public:
  void add(HandedDescriptor descriptor) { left_.push_back(std::move(descriptor)); }

  // All of that kind and name.
  std::vector<UniqueFd> take(std::string_view kind, std::string_view name);
  // The listening sockets at `address`; at an address without a port, those named `written`.
  std::vector<UniqueFd> take_listeners(const SocketAddress& address, std::string_view written);

  const std::vector<HandedDescriptor>& left() const { return left_; }

 private:
  template <class Fits>
  std::vector<UniqueFd> take_if(const Fits& fits);

  std::vector<HandedDescriptor> left_;
};

}  // namespace tealgate
