// Keeps what TLS needs fresh while the daemon runs: takes over changed certificates without a
// reload, warns of those that end, has ticket keys rotated.
//
// Looks at the files every second, by stat() in the thread pool: unlike inotify that follows links
// (certbot's live/ → archive/), swapped folders and network file systems. The first bad set of
// files is told after a while (FileWatch), and whatever it should have replaced stays. Owned by the
// control loop, on its thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/timer.h"
#include "control/control_loop.h"
#include "control/expiry_watch.h"
#include "control/file_watch.h"
#include "control/tls_renewal.h"

namespace tealgate {

class Journal;
class Publisher;

class TlsUpkeep {
 public:
  struct Place {
    Loop& loop;
    DataPlane& data_plane;
    Prober& prober;
    Journal& journal;
    Publisher& publisher;
    LoadedConfig& config;           // what is in force; its TLS settings are replaced
    std::function<bool()> is_busy;  // a reload is under way: nothing is replaced
  };

  explicit TlsUpkeep(const Place& place);
  ~TlsUpkeep();

  // From when the listeners are open.
  void start();
  // Nothing is replaced any more: the daemon ends, or another one takes over.
  void stop();

  // What cannot be used, and since when; empty: all is well, or it has not been so for long.
  const std::vector<TlsFault>& faults() const { return faults_; }

 private:
  void look();
  void on_looked(FileMarks marks);
  void read();
  void on_read(TlsRenewal renewal);
  bool take_over(const TlsRenewal& renewal);
  void tell_faults();
  void tell_expiry();
  void record(const std::string& event, const std::string& file, const std::string& message);
  // Runs `job` in the thread pool and `done` with what it returns, if this is still running then.
  template <class Job, class Done>
  void run(Job job, Done done);

  Place place_;
  Timer next_look_;
  FileWatch watch_;
  ExpiryWatch expiry_;
  std::vector<TlsFault> found_, faults_;  // faults_: those that were told
  // Null inside once this is gone; another one at each start.
  std::shared_ptr<TlsUpkeep*> running_;
};

}  // namespace tealgate
