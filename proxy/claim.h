// A claimed attempt: counts in its server's cell of this worker from the pick to the end of the
// server's part.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/cell.h"
#include "upstream/server.h"

namespace tealgate {

class Claim {
 public:
  Claim() = default;
  Claim(std::shared_ptr<ServerState> server, unsigned worker, std::uint64_t generation)
      : server_(std::move(server)), cell_(&server_->cell(worker)), generation_(generation) {
    add_to_cell(cell_->in_flight, 1u);
    add_to_cell(cell_->claims, std::uint64_t{1});
  }
  ~Claim() { release(); }
  // Assigning releases the old claim after the new one is made.
  Claim(Claim&& other) noexcept { swap(other); }
  Claim& operator=(Claim&& other) noexcept {
    Claim old(std::move(*this));
    swap(other);
    return *this;
  }

  explicit operator bool() const { return server_ != nullptr; }
  const ServerState* server() const { return server_.get(); }
  // Of the snapshot on which it was made.
  std::uint64_t generation() const { return generation_; }

  void set_uploading(bool on) { set(uploading_, on, cell_ ? &cell_->uploading : nullptr); }
  void set_responding(bool on) { set(responding_, on, cell_ ? &cell_->responding : nullptr); }
  void set_blocked(bool on) { set(blocked_, on, cell_ ? &cell_->blocked : nullptr); }
  void set_stream(bool on) { set(stream_, on, cell_ ? &cell_->streams : nullptr); }
  bool is_uploading() const { return uploading_; }
  bool is_responding() const { return responding_; }
  void count_failure() {
    if (cell_) add_to_cell(cell_->failures, std::uint64_t{1});
  }

  void release() {
    if (!server_) return;
    set_uploading(false);
    set_responding(false);
    set_blocked(false);
    set_stream(false);
    // Release: who reads 0 in flight also sees everything this attempt did.
    cell_->in_flight.store(cell_->in_flight.load(std::memory_order_relaxed) - 1,
                           std::memory_order_release);
    server_.reset();
    cell_ = nullptr;
  }

 private:
  void swap(Claim& other) {
    std::swap(server_, other.server_);
    std::swap(cell_, other.cell_);
    std::swap(generation_, other.generation_);
    std::swap(uploading_, other.uploading_);
    std::swap(responding_, other.responding_);
    std::swap(blocked_, other.blocked_);
    std::swap(stream_, other.stream_);
  }
  static void set(bool& flag, bool on, std::atomic<std::uint32_t>* count) {
    if (!count || flag == on) return;
    flag = on;
    count->store(count->load(std::memory_order_relaxed) + (on ? 1u : ~0u),
                 std::memory_order_relaxed);
  }

  std::shared_ptr<ServerState> server_;
  ServerState::Cell* cell_ = nullptr;
  std::uint64_t generation_ = 0;
  bool uploading_ = false;
  bool responding_ = false;
  bool blocked_ = false;
  bool stream_ = false;
};

}  // namespace tealgate
