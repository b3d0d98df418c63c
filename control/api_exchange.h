// One request to the control API and its answer: gathers the body, then answers with one object or
// with lines (NDJSON).
//
// The client's connection owns it. It routes nothing and knows no command: Api::dispatch() says
// what to answer. Control loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "control/access.h"
#include "control/command.h"
#include "control/page_assets.h"
#include "control/telemetry.h"
#include "http/request_handler.h"

namespace tealgate {

class ControlLoop;
class EventStream;
class StreamedAnswer;

struct ApiRequest {
  std::string method;
  std::string path;  // without the query
  std::string query;
  std::string body;
  Caller caller;  // by: a name made of the peer's credentials
  Access access;
  std::string last_event_id = {};
  std::string accept_encoding = {};
  std::string if_none_match = {};
};

class ApiExchange final : public RequestAnswerer {
 public:
  // Called once, when the request is complete; answers through the exchange.
  using Dispatch = std::function<void(ApiExchange&)>;

  ApiExchange(ControlLoop& control, ApiRequest request, ResponseWriter& writer, Dispatch dispatch);
  ~ApiExchange() override;

  const ApiRequest& request() const { return request_; }

  // One of these, once.
  void reply(const nlohmann::ordered_json& object);  // with its own HTTP status
  void refuse(const CommandError& why);
  struct With {
    int status;
    std::string fields;  // more of them, complete lines
  };
  void reply(const nlohmann::ordered_json& object, const With& with);
  void reply(const PageAnswer& answer);
  void reply_text(std::string_view text);  // 200 text/plain
  // Starts a command with a watcher that streams to the client.
  using Start = std::function<void(std::shared_ptr<CommandWatcher>)>;
  void stream(const Start& start);

  // Sends what happens until the client leaves, or is dropped; only of `service`, if it is not
  // empty.
  void follow(Telemetry& telemetry, Telemetry::Via via, const std::string& service);
  // Text or bytes of any type, `fields` complete lines.
  void reply_bytes(std::string fields, std::string bytes);

  // A stream has a line so often at least.
  static constexpr Duration kHeartbeat = std::chrono::seconds(10);

  void on_body(std::string_view bytes) override;
  void on_body_end() override;
  void on_write_blocked() override;
  void on_write_drained() override;
  void on_client_failure(Failure failure, std::string_view detail) override;
  void on_response_done() override;

 private:
  friend class StreamedAnswer;
  void send_whole(const With& with, std::string body);
  void begin_stream(std::string_view type);
  void send(std::string bytes);
  void leave();

  ControlLoop& control_;
  ApiRequest request_;
  ResponseWriter& writer_;
  Dispatch dispatch_;
  std::shared_ptr<StreamedAnswer> streamed_;
  std::unique_ptr<EventStream> events_;
  bool answered_ = false;
};

}  // namespace tealgate
