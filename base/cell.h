// A number that one thread writes and any thread reads: a worker's counters. Not for two writers.
#pragma once

#include <atomic>

namespace tealgate {

// By the thread that alone writes it: no read-modify-write on a shared line is needed.
template <class T>
void add_to_cell(std::atomic<T>& cell, T amount) {
  cell.store(static_cast<T>(cell.load(std::memory_order_relaxed) + amount),
             std::memory_order_relaxed);
}

}  // namespace tealgate
