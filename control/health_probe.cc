#include "control/health_probe.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/loop.h"
#include "http/h1_writer.h"

namespace tealgate {
namespace {

bool is_expected(const HealthSettings& settings, int status) {
  return std::any_of(settings.expect_status.begin(), settings.expect_status.end(),
                     [status](const HealthSettings::StatusRange& range) {
                       return status >= range.low && status <= range.high;
                     });
}

std::unique_ptr<TlsSession> session(const ProbeOrder& order) {
  if (!order.tls) return nullptr;
  return order.tls->check({Server::host_of(order.address_text), order.address_text});
}

}  // namespace

HealthProbe::HealthProbe(Loop& loop, std::shared_ptr<const ProbeOrder> order, OnResult on_result)
    : order_(std::move(order)),
      on_result_(std::move(on_result)),
      timeout_(loop,
               [this] {
                 finish(false, "timed out after " + format_duration(order_->settings.timeout));
               }),
      connection_(ClientConnection::connect(loop, order_->address, *this, session(*order_))) {
  result_.began = Clock::now();
  timeout_.start(order_->settings.timeout);
  if (is_http()) send_request();
}

HealthProbe::~HealthProbe() = default;

void HealthProbe::send_request() {
  const HealthSettings& settings = order_->settings;
  std::string head;
  append_request_line(head, settings.method, settings.path);
  append_field(head, "Host", order_->host);
  append_field(head, "User-Agent", "tealgate-health");
  append_field(head, "Accept", "*/*");
  append_field(head, "Connection", "close");
  append_end_of_head(head);
  connection_->send_request(head, settings.method, Framing{});
}

void HealthProbe::on_connected() {
  if (!is_http()) finish(true, "");
}

void HealthProbe::on_response_head(const ResponseHead& head) {
  result_.status = head.status;
  result_.latency = Clock::now() - result_.began;
  expected_status_ = is_expected(order_->settings, head.status);
}

void HealthProbe::on_response_body(std::string_view bytes) {
  std::size_t wanted = expected_status_ ? kBodyBytes : kEvidenceBytes;
  body_.append(bytes.substr(0, wanted - std::min(wanted, body_.size())));
  if (body_.size() >= wanted) judge();
}

void HealthProbe::on_response_end() {
  judge();
}

void HealthProbe::on_failure(Failure failure, std::string_view detail) {
  result_.says_nothing = failure == Failure::NoDescriptors;
  // An unexpected status says more than the end of its body.
  if (result_.status != 0 && !expected_status_) return judge();
  finish(false, std::string(detail));
}

// The answer is here, or as much of it as is looked at.
void HealthProbe::judge() {
  const std::string& wanted = order_->settings.expect_body;
  if (!expected_status_) return finish(false, "");
  if (body_.find(wanted) == std::string::npos) {
    return finish(false, fmt::format("the answer lacks \"{}\"", wanted));
  }
  finish(true, "");
}

void HealthProbe::finish(bool ok, std::string error) {
  timeout_.stop();
  connection_.reset();
  result_.ok = ok;
  result_.error = std::move(error);
  result_.ended = Clock::now();
  result_.at = WallClock::now();
  if (result_.status == 0) result_.latency = result_.ended - result_.began;
  if (!ok) result_.body = body_.substr(0, kEvidenceBytes);
  on_result_(std::move(result_));
}

}  // namespace tealgate
