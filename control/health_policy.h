// What checks say of a server, the rule that makes health of them, and the seam to whoever makes
// the checks.
//
// HealthPolicy is pure: results come in, a Health goes out; the HealthChecker owns one a server,
// does the I/O and writes the health into ServerState. All on the control loop's thread.
#pragma once

#include <compare>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "upstream/service_settings.h"
#include "upstream/snapshot.h"

namespace tealgate {

// How a server is found again across snapshots.
struct ServerKey {
  std::string service;
  std::string pool;
  std::string server;
  friend auto operator<=>(const ServerKey&, const ServerKey&) = default;
};

struct CheckResult {
  bool ok = false;
  bool says_nothing = false;  // we had no descriptor to ask with
  int status = 0;             // 0: no answer came, or the check is not HTTP
  Duration latency{0};
  std::string error;  // "connection refused", "timed out after 1 s"; empty if an answer came
  std::string body;   // the first 512 bytes of a failing answer
  TimePoint began;
  TimePoint ended;
  WallTime at;  // when it ended
};

// What is known of one server.
struct HealthEvidence {
  std::string what;  // "GET /health", "TCP connect", "none"
  Health health = Health::Unknown;
  WallTime since;       // when health last changed
  unsigned streak = 0;  // equal results in a row
  std::optional<CheckResult> last;
};

// rise and fall, with two exceptions: a server never checked is up after one pass, and a server
// that began up without a check (on probation, after a restart) is down after one failure.
class HealthPolicy {
 public:
  // `initial`: what ServerState says when the server is first seen; Up means on probation.
  HealthPolicy(const HealthSettings& settings, Health initial);

  Health on_check(bool ok);
  Health health() const { return health_; }
  unsigned streak() const { return streak_; }

  // A reload changed rise, fall or the interval; what is known stays.
  void set_settings(const HealthSettings& settings) { settings_ = settings; }

  // The last results contradict the health, or nothing is known yet: check again after
  // kFastInterval, not the interval.
  bool is_changing() const;
  Duration interval() const;
  static constexpr Duration kFastInterval = std::chrono::milliseconds(500);

 private:
  HealthSettings settings_;
  Health health_;
  bool checked_ = false;
  bool last_ok_ = false;
  unsigned streak_ = 0;
};

// Makes the checks. Implemented by HealthChecker, faked in tests.
class Prober {
 public:
  // What routing knows changed (start, publish, reload): begin to check new servers at once, forget
  // those that left, keep what is known of the others. A server whose ServerState is another one is
  // new (its address changed). Servers in maint are not checked and their health is Unknown: when
  // they return, the first pass suffices. `health: none` is always up. Keep the pointer as long as
  // its settings are used.
  virtual void sync(std::shared_ptr<const Snapshot> snapshot) = 0;

  // One fresh check of each server, begun now at the earliest (one under way doesn't count), also
  // for maint and for `health: none` (a TCP connect). The results feed the policies like any other.
  // `on_all` comes once, when the last has ended, never from inside this call. Unknown servers fail
  // with an error saying so. Dropping the round forgets the callback; the checks may run on.
  using OnAll = std::function<void()>;
  class Round {
   public:
    virtual ~Round() = default;
  };
  virtual std::unique_ptr<Round> probe(std::vector<ServerKey> servers, OnAll on_all) = 0;

  // Null for a server that sync() did not name. Valid until the loop's next turn.
  virtual const HealthEvidence* evidence(const ServerKey& server) const = 0;

 protected:
  ~Prober() = default;
};

}  // namespace tealgate
