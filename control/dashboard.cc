#include "control/dashboard.h"

#include <fcntl.h>

#include "upstream/route_table.h"

namespace tealgate {

Result<std::unique_ptr<Dashboard>> Dashboard::open(Loop& loop, const SocketAddress& address,
                                                   const std::string& written, Api& api) {
  Result<std::vector<UniqueFd>> fds = listen_tcp(address, 1);
  if (!fds) return tl::make_unexpected(fds.error());
  return adopt(loop, std::move(fds->front()), written, api);
}

std::unique_ptr<Dashboard> Dashboard::adopt(Loop& loop, UniqueFd fd, const std::string& written,
                                            Api& api) {
  std::unique_ptr<Dashboard> dashboard(new Dashboard(written, api));
  RequestHandler& handler = *dashboard;
  dashboard->listening_.reset(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  dashboard->listener_ =
      std::make_unique<HttpListener>(loop, std::move(fd), handler, dashboard->settings_);
  return dashboard;
}

void Dashboard::close() {
  listening_.reset();
  listener_->close(Duration::zero());
}

UniqueFd Dashboard::duplicate() const {
  return UniqueFd(::fcntl(listening_.get(), F_DUPFD_CLOEXEC, 0));
}

std::unique_ptr<RequestAnswerer> Dashboard::on_request(RequestHead&& head, ResponseWriter& writer) {
  if (!is_own_host(head.authority, written_)) {
    return api_.refuse(
        head, writer,
        {ErrorCode::Forbidden,
         "this address answers to IP addresses, localhost and its configured name only", nullptr,
         ""});
  }
  if (head.has_field("Origin") && !is_own_origin(head.field("Origin"), head.authority)) {
    return api_.refuse(
        head, writer,
        {ErrorCode::Forbidden, "pages of other sites may not read here", nullptr, ""});
  }
  Caller caller;
  caller.by = writer.peer().to_string();
  return api_.answer(head, writer, caller, {Role::Viewer, {}, "the dashboard's address"});
}

bool is_own_host(std::string_view authority, std::string_view written) {
  const std::string host = normalise_host(authority);
  if (host.empty()) return false;
  if (host == "localhost" || host == normalise_host(written)) return true;
  return SocketAddress::parse(host + ":80", SocketAddress::EmptyHost::Loopback).has_value();
}

bool is_own_origin(std::string_view origin, std::string_view authority) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) {
      return equals_ignoring_case(origin.substr(scheme.size()), authority);
    }
  }
  return false;
}

}  // namespace tealgate
