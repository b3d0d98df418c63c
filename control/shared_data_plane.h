// The data plane of this daemon together with what is left of the one that it replaced: an order of
// the control plane goes to both.
//
// Owned by the daemon; control loop's thread.
#pragma once

#include "control/predecessor.h"
#include "upstream/data_plane.h"

namespace tealgate {

class SharedDataPlane final : public DataPlane {
 public:
  // `predecessor` may be null; both outlive this.
  SharedDataPlane(DataPlane& own, Predecessor* predecessor) : own_(own), before_(predecessor) {}

  void cut(const CutOrder& order, std::function<void(unsigned)> on_done) override;
  void close_streams(const CloseOrder& order) override;

  Result<std::unique_ptr<PreparedListeners>> prepare_listeners(
      const std::vector<ListenerSettings>& listeners) override {
    return own_.prepare_listeners(listeners);
  }
  std::vector<SocketAddress> listening() const override { return own_.listening(); }
  void stop(Duration grace, std::function<void()> on_done) override {
    own_.stop(grace, std::move(on_done));
  }
  Counts counts() const override { return own_.counts(); }
  std::vector<Duration> cpu_times() const override { return own_.cpu_times(); }
  unsigned workers() const override { return own_.workers(); }

 private:
  Remainder* remainder() const { return before_ ? before_->remainder() : nullptr; }

  DataPlane& own_;
  Predecessor* before_;
};

}  // namespace tealgate
