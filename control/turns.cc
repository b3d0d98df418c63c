#include "control/turns.h"

#include <algorithm>

#include "base/check.h"
#include "base/loop.h"

namespace tealgate {

TurnTaker* Turns::holder(const std::string& service) const {
  const auto queue = queues_.find(service);
  return queue == queues_.end() ? nullptr : queue->second.holder;
}

void Turns::take(const std::string& service, TurnTaker& taker) {
  Queue& queue = queues_[service];
  CHECK(queue.holder == nullptr || queue.holder == &taker, "a service is changed by one at a time");
  queue.holder = &taker;
}

void Turns::release(const std::string& service, TurnTaker& taker) {
  Queue& queue = queues_[service];
  if (queue.holder != &taker) return;
  queue.holder = nullptr;
  poke(service);
}

void Turns::wait(const std::string& service, TurnTaker& taker) {
  auto& waiting = queues_[service].waiting;
  if (std::find(waiting.begin(), waiting.end(), &taker) == waiting.end()) {
    waiting.push_back(&taker);
  }
}

void Turns::forget(const std::string& service, TurnTaker& taker) {
  release(service, taker);
  std::erase(queues_[service].waiting, &taker);
  std::erase(queues_[service].looking, &taker);
}

void Turns::poke(const std::string& service) {
  loop_.defer([self = self_, service] {
    if (*self != nullptr) (*self)->tell(service);
  });
}

void Turns::poke_after(const std::string& service, Duration delay) {
  Queue& queue = queues_[service];
  queue.expiry = std::make_unique<Timer>(loop_, [this, service] { poke(service); });
  queue.expiry->start(delay);
}

void Turns::tell(const std::string& service) {
  Queue& queue = queues_[service];
  if (!queue.looking.empty()) return;
  queue.looking.swap(queue.waiting);
  while (!queue.looking.empty()) {
    TurnTaker* next = queue.looking.front();
    queue.looking.pop_front();
    next->on_turn();
  }
}

}  // namespace tealgate
