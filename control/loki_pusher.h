// Pushes log lines to Loki, from a thread of its own: nothing and nobody waits for Loki.
//
// Who logs hands lines to access() or daemon(), which copy them into a bounded queue (LokiQueue).
// The thread makes a batch of them (LokiPayload), posts it, and keeps it until Loki has answered
// for good, or until the queue overflows; LokiPace says when to try again. What is dropped is
// counted. Owned by the daemon; outlives all that logs to it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/http_post.h"
#include "base/log_tee.h"
#include "control/loki_pace.h"
#include "control/loki_payload.h"
#include "control/loki_queue.h"
#include "control/loki_settings.h"

namespace tealgate {

class LokiPusher {
 public:
  // Lines, since the daemon's start.
  struct Counts {
    bool is_on = false;
    std::uint64_t pushed = 0;
    std::uint64_t overflown = 0;  // dropped, since there was no room in the queue
    std::uint64_t refused = 0;    // dropped, since Loki will not have them
    std::uint64_t abandoned = 0;  // dropped, since pushing was turned off
    std::uint64_t failures = 0;   // pushes that are tried again
    std::size_t waiting_bytes = 0;
    WallTime last_push{};  // accepted; the epoch: none
  };
  // What is worth telling, on the pusher's thread; the log has it already.
  using OnNews = std::function<void(LokiPace::News news, const std::string& sentence)>;

  explicit LokiPusher(OnNews on_news) : on_news_(std::move(on_news)) {}
  // Pushes what waits, for two seconds at most.
  ~LokiPusher();
  LokiPusher(const LokiPusher&) = delete;
  LokiPusher& operator=(const LokiPusher&) = delete;

  // The owner's thread; does not block. The same as before: nothing happens. None: what waits is
  // pushed for two seconds at most, and that is that. What waits goes by the newest settings.
  void configure(const std::optional<LokiSettings>& settings);

  // Any thread; does not wait.
  LogTee& access() { return access_; }
  LogTee& daemon() { return daemon_; }
  Counts counts() const;

 private:
  class Entrance final : public LogTee {
   public:
    Entrance(LokiPusher& pusher, LokiChunk::Origin origin) : pusher_(pusher), origin_(origin) {}
    void take(std::string_view lines) override { pusher_.put(origin_, lines); }

   private:
    LokiPusher& pusher_;
    const LokiChunk::Origin origin_;
  };
  // What is being pushed, until it is answered for good.
  struct Batch {
    std::vector<LokiChunk> chunks;
    std::uint64_t lines = 0;
    std::size_t bytes = 0;
    std::string packed;  // empty: not encoded yet
  };
  using Lock = std::unique_lock<std::mutex>;

  void put(LokiChunk::Origin origin, std::string_view lines);
  void run();
  bool is_anything_waiting() const { return batch_.lines > 0 || !queue_.is_empty(); }
  void adopt(Lock& lock);
  void flush(Lock& lock);
  LokiPace::Outcome push(Lock& lock);
  void take_batch();
  void account(const Result<HttpPost::Answer>& answer, LokiPace::Outcome outcome);
  std::string sentence(LokiPace::News news, const Result<HttpPost::Answer>& answer);
  std::uint64_t overflown() const;
  std::uint64_t dropped() const;

  const OnNews on_news_;
  Entrance access_{*this, LokiChunk::Origin::Access};
  Entrance daemon_{*this, LokiChunk::Origin::Daemon};

  // The thread's alone.
  std::optional<LokiSettings> settings_;
  LokiPace pace_;
  LokiPayload payload_;
  std::minstd_rand chance_{std::random_device{}()};
  std::uint64_t told_ = 0;            // dropped lines that some sentence counted
  std::uint64_t overflown_told_ = 0;  // those of them for which there was no room
  std::uint64_t dropped_before_ = 0;  // by the queue, when the batch was taken from it

  // Once there was something to push to.
  std::unique_ptr<HttpPost> post_;
  std::thread thread_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::optional<LokiSettings> wanted_;
  bool is_changed_ = false;
  bool is_ending_ = false;
  TimePoint ends_ = TimePoint::max();
  LokiQueue queue_;
  Batch batch_;  // the thread alone changes it
  Counts counts_;
};

}  // namespace tealgate
