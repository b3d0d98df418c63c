#include "control/cli/event_feed.h"

#include <algorithm>
#include <utility>

#include "control/cli/socket_daemon.h"
#include "http/h1_writer.h"

namespace tealgate::cli {
namespace {

std::string request_head(const EventFeed::Order& order, const std::string& last_id) {
  std::string head;
  append_request_line(head, "GET", order.path);
  append_field(head, "Host", "localhost");
  append_field(head, "User-Agent", "tealgate");
  append_field(head, "Accept", "text/event-stream");
  if (!last_id.empty()) append_field(head, "Last-Event-ID", last_id);
  head += order.fields;
  append_end_of_head(head);
  return head;
}

}  // namespace

EventFeed::EventFeed(Loop& loop, Order order, Listener listener)
    : loop_(loop),
      order_(std::move(order)),
      listener_(std::move(listener)),
      silence_(loop, [this] { on_silence(); }),
      again_(loop, [this] { connect(); }) {
  loop_.refresh_now();
  again_.start(Duration::zero());
}

EventFeed::~EventFeed() = default;

void EventFeed::connect() {
  connected_ = false;
  reader_ = nullptr;
  answer_ = Answer();
  Result<SocketAddress> address = SocketAddress::unix_path(order_.socket);
  if (!address) {
    answer_.error = address.error().message;
    return end(answer_);
  }
  if (std::optional<Answer> obstacle = obstacle_at(order_.socket)) return end(*obstacle);
  connection_ = ClientConnection::connect(loop_, *address, *this);
  connection_->send_request(request_head(order_, last_id_), "GET", Framing());
  connection_->end_body();
  silence_.start(kSilence);
}

void EventFeed::on_connected() {
  connected_ = true;
}

void EventFeed::on_response_head(const ResponseHead& head) {
  answer_.status = head.status;
  const bool is_stream =
      head.status == 200 && head.field("Content-Type").starts_with("text/event-stream");
  if (is_stream)
    reader_ = std::make_unique<SseReader>([this](const SseMessage& message) { take(message); });
}

void EventFeed::on_response_body(std::string_view bytes) {
  silence_.start(kSilence);
  if (!reader_) {
    answer_.body.append(bytes);
    return;
  }
  if (!reader_->feed(bytes)) lose("a line without an end");
}

void EventFeed::take(const SseMessage& message) {
  if (!message.id.empty()) last_id_ = message.id;
  pause_ = kShortestPause;
  listener_.on_message(message);
}

void EventFeed::on_response_end() {
  if (reader_) return lose("the daemon ended the stream");
  answer_.outcome = Answer::Outcome::Answered;
  end(std::move(answer_));
}

void EventFeed::on_failure(Failure, std::string_view detail) {
  lose(detail);
}

void EventFeed::on_silence() {
  constexpr std::string_view kWhy = "nothing has come for 40 s";
  if (answer_.status != 0) return lose(kWhy);
  answer_.outcome = Answer::Outcome::Unanswered;
  answer_.error = order_.socket + ": " + std::string(kWhy);
  end(answer_);
}

void EventFeed::lose(std::string_view why) {
  Answer lost;
  lost.outcome = connected_ ? Answer::Outcome::Lost : Answer::Outcome::NotReachable;
  lost.error = order_.socket + ": " + std::string(why);
  end(std::move(lost));
}

// We may be inside a callback of the connection's.
void EventFeed::end(Answer answer) {
  silence_.stop();
  loop_.destroy_later(std::move(connection_));
  again_.start(pause_);
  pause_ = std::min(2 * pause_, kLongestPause);
  listener_.on_trouble(answer);
}

}  // namespace tealgate::cli
