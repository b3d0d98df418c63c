// Publishes snapshots to the workers and knows which generation each of them runs.
//
// A mutex, a shared_ptr and an atomic generation: a reader does one acquire load per attempt and
// takes the mutex only when the number changed. (std::atomic<std::shared_ptr> is not lock-free here
// and ThreadSanitizer reports a race in it.) Any thread may publish, in practice control does; each
// reader belongs to one worker.
//
//   publish(G) … every reader adopts ≥ G …  lowest_adopted() ≥ G  ⇒  no attempt can start on what G
//   left out
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "upstream/snapshot.h"

namespace tealgate {

class SnapshotReader;

class SnapshotCell {
 public:
  SnapshotCell() = default;
  SnapshotCell(const SnapshotCell&) = delete;
  SnapshotCell& operator=(const SnapshotCell&) = delete;

  // The generation must be greater than that of the last. Wakes every reader.
  void publish(std::shared_ptr<const Snapshot> snapshot);

  std::shared_ptr<const Snapshot> current() const;
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  // The lowest generation that a reader runs; with no readers, the published one. What a worker did
  // before it adopted (its claims above all) is visible to the caller.
  std::uint64_t lowest_adopted() const;

  // Called, on the adopting worker's thread and without a lock, after each adoption or the end of a
  // reader. Set it before the first reader exists.
  void set_adoption_listener(std::function<void()> listener) { listener_ = std::move(listener); }

 private:
  friend class SnapshotReader;
  void add(SnapshotReader& reader);
  void remove(SnapshotReader& reader);
  void notify_adopted() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> current_;
  std::atomic<std::uint64_t> generation_{0};
  std::vector<SnapshotReader*> readers_;
  std::function<void()> listener_;
};

// One worker's view. Register it before the worker takes requests; its end deregisters it.
class SnapshotReader {
 public:
  // `wake` is called from the publishing thread, under the cell's mutex: it posts and returns, and
  // must make the worker call adopt() soon. Adopt once after construction, too: what was published
  // before woke nobody.
  SnapshotReader(SnapshotCell& cell, std::function<void()> wake);
  ~SnapshotReader();
  SnapshotReader(const SnapshotReader&) = delete;
  SnapshotReader& operator=(const SnapshotReader&) = delete;

  // True if a newer snapshot was taken. Call it at the start of every attempt and when woken. What
  // the worker did before (its claims on the old snapshot) is visible to whoever sees the new
  // generation in lowest_adopted().
  bool adopt();

  // Valid until the next adopt(). Null before the first publish.
  const Snapshot* get() const { return snapshot_.get(); }
  std::shared_ptr<const Snapshot> share() const { return snapshot_; }

 private:
  friend class SnapshotCell;
  SnapshotCell& cell_;
  std::function<void()> wake_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::uint64_t seen_ = 0;
  std::atomic<std::uint64_t> adopted_{0};
};

}  // namespace tealgate
