// What is measured and told of the running daemon: figures, events, and the seconds in which both
// go out to whoever looks on.
//
// The daemon owns it; the API's exchanges subscribe. Each second it collects the figures, and if
// anybody looks on, makes one message of them and of what changed in the status. Control loop's
// thread; nothing here touches a worker.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/timer.h"
#include "control/events.h"
#include "control/figures.h"
#include "control/figures_report.h"
#include "control/release_tally.h"
#include "control/shared_json.h"
#include "upstream/data_plane.h"
#include "upstream/snapshot_cell.h"

namespace tealgate {

class Loop;

class Telemetry {
 public:
  // How a reader of the stream of events came in: by a control socket or the dashboard's address.
  enum class Via : std::uint8_t { Socket, Network };
  // So many at most: those who follow leave places for those who ask.
  static constexpr std::size_t most_readers(Via via) { return via == Via::Socket ? 40 : 100; }
  class Reader {
   public:
    virtual ~Reader() = default;
    virtual Via via() const = 0;
    // What a second brought.
    virtual void on_second(const SharedJson& tick) = 0;
    virtual void on_event(const nlohmann::ordered_json& event) = 0;
    // Another daemon serves now: what is to be seen is to be seen there.
    virtual void on_retired() = 0;
  };

  // `status` makes STATUS of docs/control-api.md, for those who look on.
  Telemetry(Loop& loop, const SnapshotCell& cell, const DataPlane& data_plane, WallTime started,
            std::function<nlohmann::ordered_json()> status);
  ~Telemetry();
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  // From now on it looks, each second.
  void start();

  // A line of the history: an event, and counted.
  void on_recorded(const nlohmann::ordered_json& line);

  Events& events() { return events_; }
  const Events& events() const { return events_; }
  const Figures& figures() const { return figures_; }
  const ReleaseTally& tally() const { return tally_; }
  // The share of the last second in which each worker's thread ran: 1 is all of it.
  const std::vector<double>& busy() const { return busy_; }
  // What each used when that second ended, ever.
  const std::vector<Duration>& cpu_times() const { return cpu_; }
  // When the newest second of the figures ended.
  WallTime collected_at() const { return collected_at_; }

  // The status that the next second's change starts from. The reader hears of everything after this
  // call, until it leaves.
  const SharedJson& add(Reader& reader);
  void remove(Reader& reader);
  // Tells the readers so.
  void retire();
  std::size_t readers() const { return readers_.size(); }
  std::size_t readers(Via via) const;

  // FIGURES of docs/control-api.md as they are this second.
  const SharedJson& whole_figures(FiguresWindow window);

 private:
  void on_timer();
  void collect();
  void measure_workers(Duration passed);
  void tell();
  template <class Call>
  void for_all(Call call);

  Loop& loop_;
  const SnapshotCell& cell_;
  const DataPlane& data_plane_;
  Events events_;
  ReleaseTally tally_;
  std::vector<double> busy_;
  std::vector<Duration> cpu_;  // of the workers, when it was last looked at
  Figures figures_;
  const std::function<nlohmann::ordered_json()> status_;
  std::unique_ptr<SharedJson> told_;                  // the status; null: nobody looked on
  std::array<std::unique_ptr<SharedJson>, 2> whole_;  // by window; null: nobody asked this second
  std::vector<Reader*> readers_;
  TimePoint begun_;
  std::uint64_t seconds_ = 0;  // collected, or missed
  TimePoint looked_at_;
  WallTime collected_at_;
  Timer timer_;
};

}  // namespace tealgate
