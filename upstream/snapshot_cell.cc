#include "upstream/snapshot_cell.h"

#include <algorithm>

#include "base/check.h"

namespace tealgate {

void SnapshotCell::publish(std::shared_ptr<const Snapshot> snapshot) {
  CHECK(snapshot != nullptr, "a snapshot is published");
  std::lock_guard lock(mutex_);
  CHECK(snapshot->generation > generation_.load(std::memory_order_relaxed),
        "generations only grow");
  current_.swap(snapshot);  // the old one ends with the argument, after the lock
  generation_.store(current_->generation, std::memory_order_release);
  // Under the mutex, so that no reader ends while it is woken. wake() only posts.
  for (SnapshotReader* reader : readers_) reader->wake_();
}

std::shared_ptr<const Snapshot> SnapshotCell::current() const {
  std::lock_guard lock(mutex_);
  return current_;
}

std::uint64_t SnapshotCell::lowest_adopted() const {
  std::lock_guard lock(mutex_);
  std::uint64_t lowest = generation_.load(std::memory_order_relaxed);
  for (const SnapshotReader* reader : readers_) {
    // Acquire: the claims that the worker made on what it ran before are visible from here on.
    lowest = std::min(lowest, reader->adopted_.load(std::memory_order_acquire));
  }
  return lowest;
}

void SnapshotCell::add(SnapshotReader& reader) {
  std::lock_guard lock(mutex_);
  // It has no snapshot yet and can adopt none older than this, so it holds nothing back.
  reader.adopted_.store(generation_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  readers_.push_back(&reader);
}

void SnapshotCell::remove(SnapshotReader& reader) {
  {
    std::lock_guard lock(mutex_);
    std::erase(readers_, &reader);
  }
  notify_adopted();
}

void SnapshotCell::notify_adopted() const {
  if (listener_) listener_();
}

SnapshotReader::SnapshotReader(SnapshotCell& cell, std::function<void()> wake)
    : cell_(cell), wake_(std::move(wake)) {
  cell_.add(*this);
}

SnapshotReader::~SnapshotReader() {
  cell_.remove(*this);
}

bool SnapshotReader::adopt() {
  if (cell_.generation() == seen_) return false;
  // A control block of its own, so that the workers' reference counts share no cache line.
  auto owner = std::make_shared<const std::shared_ptr<const Snapshot>>(cell_.current());
  std::shared_ptr<const Snapshot> old = std::move(snapshot_);
  snapshot_ = std::shared_ptr<const Snapshot>(owner, owner->get());
  seen_ = snapshot_->generation;
  // Release: the claims made on the old snapshot come before this for whoever reads the number.
  adopted_.store(seen_, std::memory_order_release);
  cell_.notify_adopted();
  return true;
}

}  // namespace tealgate
