// The operations of this process: those under way, and the last ones that ended, by id and service.
//
// Control loop's thread. An operation's object lives here until it is over, and as long after it as
// it is among the kKept last ones.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "control/operation.h"

namespace tealgate {

class Operations {
 public:
  static constexpr std::size_t kKept = 200;

  explicit Operations(Loop& loop);
  ~Operations();

  Operation& add(std::unique_ptr<Operation> operation);
  // Of any service if `service` is empty.
  Operation* find(std::string_view id, std::string_view service = {});
  const Operation* find(std::string_view id, std::string_view service = {}) const;
  std::set<std::string> services_of(std::string_view id) const;
  // The latest of the service that is not over; null if there is none.
  const Operation* running(std::string_view service) const;
  // Any that is not over; null if there is none.
  const Operation* running() const;
  // The one under way that made what the plan asks for; null if there is none.
  Operation* maker_of(std::string_view service, const Plan& plan);

  // Tells the others of the service that `successor` published `snapshot`.
  void on_published(std::string_view service, const Operation::Successor& successor,
                    const Snapshot& snapshot);
  void on_config_published(const Snapshot& snapshot);

  // An operation is over.
  void on_end();

  void detach(const CommandWatcher& watcher);
  // Those that have not decided are refused, the others run to their announcement. `on_over` comes,
  // perhaps from inside the call, when all are over.
  void stop(std::function<void()> on_over);

 private:
  void forget_oldest();

  Loop& loop_;
  std::deque<std::unique_ptr<Operation>> operations_;  // oldest first
  std::function<void()> on_over_;                      // while it stops
  std::shared_ptr<Operations*> self_;
};

// An id that no operation has had: "op-" and 12 random hexadecimal digits.
std::string new_operation_id();
// 32 random hexadecimal digits.
std::string new_token();

}  // namespace tealgate
