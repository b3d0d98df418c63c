// The ResponseWriter side of a server connection: what its answerer says.
#include "http/server_connection.h"

#include <utility>

#include "base/check.h"
#include "http/h1_writer.h"
#include "http/response_head.h"

namespace tealgate {

void ServerConnection::send_interim(int status, std::string_view fields) {
  if (old_client_ || head_sent_ || phase_ == Phase::Closed) return;
  write_bare_head(status, fields);
}

// Without framing, Connection and Date, as no 1xx has them.
void ServerConnection::write_bare_head(int status, std::string_view fields) {
  std::string out;
  append_status_line(out, status);
  out.append(fields);
  append_end_of_head(out);
  write(out);
}

void ServerConnection::send_head(const OutgoingHead& head) {
  CHECK(!head_sent_, "two response heads for one request");
  head_sent_ = true;
  response_framing_ =
      framing_for(old_client_ ? ClientVersion::Http10 : ClientVersion::Http11, head.framing);
  const bool is_last =
      settings_.requests_per_connection != 0 && requests_ >= settings_.requests_per_connection;
  close_wanted_ = !client_keeps_alive_ || draining_ || head.close || is_last ||
                  phase_ == Phase::Body || response_framing_.kind == Framing::Kind::UntilClose;
  static thread_local std::string out;
  out.clear();
  append_response_head(out, dressed(head), response_framing_,
                       close_wanted_ ? Persistence::Closes
                       : old_client_ ? Persistence::StaysSaid
                                     : Persistence::Stays);
  write(out);
  head_ended_ = written_;
}

// With what the listener adds to each answer; where the answer has it already, its own counts.
OutgoingHead ServerConnection::dressed(const OutgoingHead& head) const {
  OutgoingHead dressed = head;
  if (!entrance_->hsts_line.empty() && !has_line(head.fields, "Strict-Transport-Security")) {
    dressed.more_fields = entrance_->hsts_line;
  }
  return dressed;
}

void ServerConnection::send_body(std::string_view bytes) {
  if (head_request_ || bytes.empty()) return;
  written_ += bytes.size();
  if (response_framing_.kind != Framing::Kind::Chunked) return stream_->write_view(bytes);
  std::string chunk_head;  // short enough to need no allocation
  append_chunk_head(chunk_head, bytes.size());
  write(chunk_head);
  stream_->write_view(bytes);
  write(kChunkEnd);
}

void ServerConnection::end(std::string_view trailers) {
  if (response_framing_.kind == Framing::Kind::Chunked && !head_request_) {
    std::string last;
    append_last_chunk(last, trailers);
    write(last);
  }
  response_ended_ = true;
  // Usually all is taken at once, and nobody needs to look how fast.
  if (!meter_.is_waiting()) write_timer_.start(settings_.write / 32);
  stream_->notify_when_flushed();
}

ResponseWriter::EarlyBytes ServerConnection::start_tunnel(std::string_view fields) {
  CHECK(phase_ == Phase::Answer && !head_sent_, "a tunnel behind a response");
  head_sent_ = true;
  phase_ = Phase::Tunnel;
  response_framing_.kind = Framing::Kind::UntilClose;
  write_bare_head(101, fields);
  head_ended_ = written_;
  const std::string_view early = waiting();
  pipelined_taken_ = pipelined_.size();
  bytes_received_ += early.size();
  stream_->resume();
  return {early, half_closed_};
}

void ServerConnection::cut() {
  response_ended_ = true;
  cut_ = true;
  // Without framing only a reset tells the client that this was not the end.
  if (head_sent_ && response_framing_.kind == Framing::Kind::UntilClose) stream_->reset_on_close();
  close();
}

void ServerConnection::pause_body() {
  read_timer_.stop();
  stream_->pause();
}

void ServerConnection::discard_body() {
  discarding_ = true;
  resume_body();
}

void ServerConnection::resume_body() {
  if (phase_ == Phase::Body) read_timer_.start(settings_.request_body);
  stream_->resume();
}

void ServerConnection::write(std::string_view bytes) {
  written_ += bytes.size();
  stream_->write_copy(bytes);
}

}  // namespace tealgate
