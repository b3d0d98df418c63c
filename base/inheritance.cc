#include "base/inheritance.h"

#include <utility>

#include "base/listen_socket.h"

namespace tealgate {

template <class Fits>
std::vector<UniqueFd> Inheritance::take_if(const Fits& fits) {
  std::vector<UniqueFd> taken;
  std::vector<HandedDescriptor> left;
  for (HandedDescriptor& descriptor : left_) {
    if (fits(descriptor)) {
      taken.push_back(std::move(descriptor.fd));
    } else {
      left.push_back(std::move(descriptor));
    }
  }
  left_ = std::move(left);
  return taken;
}

std::vector<UniqueFd> Inheritance::take(std::string_view kind, std::string_view name) {
  return take_if([&](const HandedDescriptor& descriptor) {
    return descriptor.kind == kind && descriptor.name == name;
  });
}

std::vector<UniqueFd> Inheritance::take_listeners(const SocketAddress& address,
                                                  std::string_view written) {
  if (address.port() == 0) return take("listen", written);
  return take_if([&](const HandedDescriptor& descriptor) {
    return descriptor.kind == "listen" && bound_address(descriptor.fd) == address;
  });
}

}  // namespace tealgate
