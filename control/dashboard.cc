#include "control/dashboard.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>

#include "control/connection_terms.h"
#include "control/dashboard_reader.h"

namespace tealgate {

namespace {

constexpr std::string_view kOrigin = "Origin";
constexpr std::string_view kAuthorization = "Authorization";

std::optional<std::string_view> field(const RequestHead& head, std::string_view name) {
  const std::string_view value = head.field(name);
  return value.data() ? std::optional(value) : std::nullopt;
}

bool is_twice(const RequestHead& head, std::string_view name) {
  return std::ranges::count_if(head.fields,
                               [name](const Field& each) { return each.is_named(name); }) > 1;
}

tl::unexpected<DashboardDoor::Refused> refused(CommandError why) {
  return tl::make_unexpected(DashboardDoor::Refused{{std::move(why)}});
}

// A page of another site that a browser shows could not read the answer, but have it made. The page
// itself may be linked to.
bool is_foreign_page(const RequestHead& head) {
  const std::string_view site = head.field("Sec-Fetch-Site");
  const bool is_data = head.path.starts_with("/v1/") || head.path == "/metrics";
  return is_data && (site == "cross-site" || site == "same-site");
}

}  // namespace

Dashboard::Dashboard(Current config, Api& api)
    : config_(std::move(config)),
      api_(api),
      door_(config_().written),
      settings_(control_connection_terms()),
      places_("control.dashboard") {
  places_.set_limit(kMostClients);
}

std::unique_ptr<Dashboard> Dashboard::adopt(Loop& loop, UniqueFd fd, Current config, Api& api) {
  std::unique_ptr<Dashboard> dashboard(new Dashboard(std::move(config), api));
  RequestHandler& handler = *dashboard;
  dashboard->listening_.reset(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  dashboard->listener_ = std::make_unique<HttpListener>(
      loop, std::move(fd), handler, dashboard->settings_,
      HttpListener::Hooks{.on_close = [of = dashboard.get()] { of->listener_->retry(); },
                          .budget = &dashboard->places_});
  return dashboard;
}

void Dashboard::close() {
  listening_.reset();
  listener_->close(Duration::zero());
}

UniqueFd Dashboard::duplicate() const {
  return UniqueFd(::fcntl(listening_.get(), F_DUPFD_CLOEXEC, 0));
}

// Without `public`, the address that is open tells whether reading is free, whatever the config
// says since.
Result<DashboardDoor::Entry, DashboardDoor::Refused> Dashboard::enter(const RequestHead& head,
                                                                      const SocketAddress& from) {
  if (head.path == "/healthz") return DashboardDoor::Entry();  // tells nothing, to anybody
  for (const std::string_view name : {kOrigin, kAuthorization}) {
    if (is_twice(head, name))
      return refused({ErrorCode::Usage, fmt::format("{} is there twice", name)});
  }
  if (is_foreign_page(head))
    return refused({ErrorCode::Forbidden, "pages of other sites may not read here"});
  const DashboardConfig& config = config_();
  const bool is_free = config.is_public.value_or(is_loopback(address()));
  return door_.enter(
      config, is_free ? DashboardDoor::Reading::Free : DashboardDoor::Reading::TakesToken,
      {from, head.authority, field(head, kOrigin), field(head, kAuthorization)}, Clock::now());
}

std::unique_ptr<RequestAnswerer> Dashboard::on_request(RequestHead&& head, ResponseWriter& writer) {
  const auto entry = enter(head, writer.peer());
  if (entry) return api_.answer(head, writer, entry->caller, entry->access);
  if (entry.error().is_guess) api_.note_refusal(writer.peer_host(), entry.error().answer.error);
  return api_.refuse(head, writer, entry.error().answer);
}

}  // namespace tealgate
