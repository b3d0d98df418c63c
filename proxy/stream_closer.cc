#include "proxy/stream_closer.h"

#include <algorithm>

#include "proxy/exchange.h"
#include "proxy/worker.h"

namespace tealgate {

StreamCloser::StreamCloser(Worker& worker, const CloseOrder& order, double phase)
    : worker_(worker),
      order_(order),
      spread_(worker.loop().now(), order.over, phase),
      timer_(worker.loop(), [this] { look(); }) {
  look();
}

StreamCloser::StreamCloser(Worker& worker, Duration over, double phase)
    : worker_(worker),
      is_for_all_(true),
      spread_(worker.loop().now(), over, phase),
      timer_(worker.loop(), [this] { look(); }) {
  look();
}

void StreamCloser::give_up(const CloseOrder& order) {
  std::erase_if(order_.servers, [&](const auto& server) {
    return std::find(order.servers.begin(), order.servers.end(), server) != order.servers.end();
  });
}

void StreamCloser::look() {
  drop_servers();
  is_over_ = !is_for_all_ && order_.servers.empty();
  if (is_over_) return;
  std::vector<Exchange*> streams;
  for (Exchange* exchange : worker_.exchanges()) {
    if (exchange->can_close() && concerns(*exchange)) streams.push_back(exchange);
  }
  const TimePoint now = worker_.loop().now();
  // Closing one never ends another, nor itself before this turn is over.
  streams.resize(spread_.due(streams.size(), now));
  for (Exchange* stream : streams) stream->close_stream();
  timer_.start(spread_.pause(now));
}

bool StreamCloser::concerns(const Exchange& exchange) const {
  return is_for_all_ || exchange.is_claimed_on(order_.servers, order_.claimed_before);
}

// A server that gets attempts again is no longer drained; one with nothing in flight stays so.
void StreamCloser::drop_servers() {
  std::erase_if(order_.servers, [&](const auto& server) {
    const ServerState::Cell& cell = server->cell(worker_.index());
    return worker_.is_routable(*server) || cell.in_flight.load(std::memory_order_relaxed) == 0;
  });
}

}  // namespace tealgate
