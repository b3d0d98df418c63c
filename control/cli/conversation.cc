#include "control/cli/conversation.h"

#include <fmt/core.h>

#include "http/h1_writer.h"

namespace tealgate::cli {
namespace {

// A body of known length follows its head without more ado.
std::string request_head(const Request& request, const Framing& framing) {
  std::string head;
  append_request_line(head, request.method, request.path);
  append_field(head, "Host", "localhost");
  append_field(head, "User-Agent", "tealgate");
  head += request.fields;
  if (framing.has_body()) append_field(head, "Content-Type", "application/json");
  append_framing(head, framing);
  append_end_of_head(head);
  return head;
}

// What is left of `text` without trailing line ends, from its last line on.
std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  std::size_t newline = text.rfind('\n');
  return std::string(newline == std::string_view::npos ? text : text.substr(newline + 1));
}

}  // namespace

Conversation::Conversation(Loop& loop, const SocketAddress& socket, const Request& request,
                           Daemon::OnLine on_line)
    : connection_(ClientConnection::connect(loop, socket, *this)),
      on_line_(std::move(on_line)),
      socket_(socket.to_string()),
      patience_(request.patience),
      silence_(loop, [this] { on_silence(); }) {
  Framing framing;
  if (!request.body.empty()) framing = {Framing::Kind::Length, request.body.size()};
  std::string_view method = request.method == "POST" ? "POST" : "GET";
  connection_->send_request(request_head(request, framing) + request.body, method, framing);
  connection_->end_body();
  silence_.start(patience_);
}

Conversation::~Conversation() = default;

void Conversation::on_connected() {
  connected_ = true;
}

void Conversation::on_response_head(const ResponseHead& head) {
  answer_.status = head.status;
  streamed_ = head.field("Content-Type").starts_with("application/x-ndjson");
  hear();
}

void Conversation::on_response_body(std::string_view bytes) {
  received_.append(bytes);
  hear();
  if (streamed_) take_lines();
}

void Conversation::hear() {
  looks_again_ = false;
  silence_.start(patience_);
}

void Conversation::on_silence() {
  if (looks_again_) {
    const bool has_begun = answer_.status != 0;
    return fail(has_begun ? Answer::Outcome::Lost : Answer::Outcome::Unanswered,
                fmt::format("nothing has come for {}", format_duration(patience_)));
  }
  looks_again_ = true;
  silence_.start(kSecondLook);
}

void Conversation::take_lines() {
  for (;;) {
    std::size_t newline = received_.find('\n', taken_);
    if (newline == std::string::npos) return;
    std::string_view line = std::string_view(received_).substr(taken_, newline - taken_);
    taken_ = newline + 1;
    if (!line.empty() && on_line_) on_line_(line);
  }
}

void Conversation::on_response_end() {
  silence_.stop();
  over_ = true;
  answer_.outcome = Answer::Outcome::Answered;
  answer_.body = streamed_ ? last_line(received_) : received_;
}

void Conversation::on_failure(Failure, std::string_view detail) {
  fail(connected_ ? Answer::Outcome::Lost : Answer::Outcome::NotReachable, detail);
}

void Conversation::fail(Answer::Outcome outcome, std::string_view detail) {
  silence_.stop();
  over_ = true;
  answer_.outcome = outcome;
  answer_.error = socket_ + ": " + std::string(detail);
}

}  // namespace tealgate::cli
