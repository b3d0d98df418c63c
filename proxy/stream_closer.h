// Closes the streams of one order on one worker: WebSockets and event streams whose servers get no
// new attempts, spread over the order's time. Streams that appear while it runs (their attempts
// were under way) have their turn, too.
//
// Worker's thread. It stops by itself when none of its servers has anything in flight here any
// more, or all get attempts again: then the drain was disarmed.
#pragma once

#include <vector>

#include "base/timer.h"
#include "proxy/spread.h"
#include "upstream/data_plane.h"

namespace tealgate {

class Exchange;
class Worker;

class StreamCloser {
 public:
  // `phase` as for Spread. Begins at once.
  StreamCloser(Worker& worker, const CloseOrder& order, double phase);
  // All streams of the worker, for as long as it lives: its end.
  StreamCloser(Worker& worker, Duration over, double phase);

  // Leaves it no server that is in `order`.
  void give_up(const CloseOrder& order);
  bool is_over() const { return is_over_; }

 private:
  void look();
  bool concerns(const Exchange& exchange) const;
  void drop_servers();

  Worker& worker_;
  CloseOrder order_;
  bool is_for_all_ = false;
  bool is_over_ = false;
  Spread spread_;
  Timer timer_;
};

}  // namespace tealgate
