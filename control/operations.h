// The operations of this process: those under way, and the last ones that ended, by id.
//
// Control loop's thread. An operation's object lives here until kKept later ones have been added
// and it is over.
#pragma once

#include <deque>
#include <memory>
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
  Operation* find(std::string_view id);
  const Operation* find(std::string_view id) const;
  // The latest of the service that is not over; null if there is none.
  const Operation* running(std::string_view service) const;
  // The one under way that made what the plan asks for; null if there is none.
  Operation* maker_of(std::string_view service, const Plan& plan);

  // Tells the others of the service that `successor` published `snapshot`.
  void on_published(std::string_view service, const Operation::Successor& successor,
                    const Snapshot& snapshot);
  void on_config_published(const Snapshot& snapshot);

  void detach(const CommandWatcher& watcher);
  void stop();

 private:
  void forget_oldest();

  Loop& loop_;
  std::deque<std::unique_ptr<Operation>> operations_;  // oldest first
  std::shared_ptr<Operations*> self_;
};

// An id that no operation has had: "op-" and 12 random hexadecimal digits.
std::string new_operation_id();
// 32 random hexadecimal digits.
std::string new_token();

}  // namespace tealgate
