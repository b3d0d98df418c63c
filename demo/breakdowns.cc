#include "demo/breakdowns.h"

#include <utility>

namespace tealgate::demo {

Breakdowns::Breakdowns(Loop& loop, Duration every, Choose choose)
    : every_(every), choose_(std::move(choose)), timer_(loop, [this] { on_timer(); }) {}

void Breakdowns::leave_alone(std::string_view pool) {
  if (broken_ && broken_->pool() == pool) broken_ = nullptr;
}

// A third of the time one is broken.
void Breakdowns::on_timer() {
  if (AppServer* server = std::exchange(broken_, nullptr)) {
    server->set_healthy(true);
    return timer_.start(every_ - every_ / 3);
  }
  broken_ = choose_();
  if (broken_) broken_->set_healthy(false);
  timer_.start(every_ / 3);
}

}  // namespace tealgate::demo
