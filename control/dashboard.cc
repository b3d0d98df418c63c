#include "control/dashboard.h"

#include <fcntl.h>

#include "control/dashboard_reader.h"

namespace tealgate {

namespace {

std::optional<std::string_view> field(const RequestHead& head, std::string_view name) {
  const std::string_view value = head.field(name);
  return value.data() ? std::optional(value) : std::nullopt;
}

}  // namespace

std::unique_ptr<Dashboard> Dashboard::adopt(Loop& loop, UniqueFd fd, Current config, Api& api) {
  std::unique_ptr<Dashboard> dashboard(new Dashboard(std::move(config), api));
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

// Whether reading is free is told by the address that is open, whatever the config says since.
std::unique_ptr<RequestAnswerer> Dashboard::on_request(RequestHead&& head, ResponseWriter& writer) {
  const DashboardConfig& config = config_();
  const bool is_free = config.is_public || is_loopback(address());
  const auto entry = door_.enter(
      config, is_free ? DashboardDoor::Reading::Free : DashboardDoor::Reading::TakesToken,
      {writer.peer(), head.authority, field(head, "Origin"), field(head, "Authorization")},
      Clock::now());
  if (entry) return api_.answer(head, writer, entry->caller, entry->access);
  if (entry.error().is_guess) api_.note_refusal(writer.peer_host(), entry.error().answer.error);
  return api_.refuse(head, writer, entry.error().answer);
}

}  // namespace tealgate
