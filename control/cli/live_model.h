// What whoever watches knows of the daemon: its status, the last minute's figures and the newest
// events, kept up to date by the messages of `GET /v1/events` (docs/control-api.md).
//
// A value: a copy is the picture of a moment. It reads leniently: what it does not know it ignores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "control/cli/sse_reader.h"

namespace tealgate::cli {

class LiveModel {
 public:
  static constexpr std::size_t kSeconds = 60;
  static constexpr std::size_t kEvents = 200;

  // What one second had; latencies in ms, none where nothing was asked.
  struct Second {
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;
    std::optional<double> p50 = {};
    std::optional<double> p95 = {};
    std::optional<double> p99 = {};
  };
  using Seconds = std::deque<Second>;  // oldest first, at most kSeconds

  LiveModel();
  LiveModel(const LiveModel& other);
  LiveModel& operator=(LiveModel&& other) noexcept;
  LiveModel(LiveModel&& other) noexcept;
  ~LiveModel();

  // True if there is anything new to see.
  bool apply(const SseMessage& message);

  // Whether there was a snapshot.
  bool is_known() const;
  const nlohmann::ordered_json& status() const;
  const nlohmann::ordered_json& services() const;
  const std::deque<nlohmann::ordered_json>& events() const;  // oldest first, at most kEvents

  // Of a service as a whole, with what Tealgate answered itself; percentiles are those of its worst
  // pool.
  const Seconds& of_service(const std::string& service) const;
  const Seconds& of_server(const std::string& service, const std::string& pool,
                           const std::string& server) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tealgate::cli
