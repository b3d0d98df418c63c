// Random events against a Relay: exactly one finish, at most one response head, never both a head
// and an error reply.
#include <cstdint>
#include <cstdlib>

#include "proxy/relay.h"

using namespace tealgate;

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

// What the client has seen so far, as the acts tell.
struct Client {
  int heads = 0;
  int replies = 0;
  int cuts = 0;

  void see(Relay::Act act) {
    replies += act == Relay::Act::Reply;
    cuts += act == Relay::Act::Cut;
    demand(replies + cuts <= 1);
    demand(heads + replies <= 1);
  }
};

constexpr Failure kUpstreamFailures[] = {
    Failure::ConnectRefused, Failure::ConnectTimeout,   Failure::ConnectFailed,
    Failure::ClosedEarly,    Failure::ClosedWhenReused, Failure::HeadCut,
    Failure::BadResponse,    Failure::ResponseTimeout,  Failure::BodyCut};

Relay::Budget budget_of(std::uint8_t byte) {
  return (byte & 64) != 0 ? Relay::Budget::Left : Relay::Budget::Spent;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  Relay relay({.attempts = 1u + data[0] % 4,
               .may_repeat = (data[0] & 16) != 0,
               .repeats_timeouts = (data[0] & 32) != 0});
  Client client;
  bool attempt_open = false;
  unsigned sent = 0;
  for (std::size_t i = 1; i < size; ++i) {
    const bool was_done = relay.is_done();
    const std::uint8_t event = data[i] % 10;
    const std::uint8_t detail = data[i] / 8;
    if (event == 0 && !was_done && !attempt_open && !relay.is_answering()) {
      relay.on_attempt();
      attempt_open = true;
      ++sent;
    } else if (event == 1 && !was_done && !attempt_open && !relay.is_answering()) {
      client.see(relay.on_no_server());
    } else if (event == 2 && (attempt_open || was_done)) {
      const Failure failure = kUpstreamFailures[detail % std::size(kUpstreamFailures)];
      const Relay::Act act =
          relay.on_attempt_failed(failure, (data[i] & 128) != 0, budget_of(data[i]));
      demand(!was_done || act == Relay::Act::Nothing);
      demand(act != Relay::Act::Retry || client.heads == 0);
      attempt_open = false;
      client.see(act);
    } else if (event == 3 && attempt_open && !was_done && !relay.is_answering()) {
      relay.on_interim();
    } else if (event == 4 && attempt_open && !was_done && !relay.is_answering()) {
      relay.on_response_head();
      ++client.heads;
    } else if (event == 5 && relay.is_answering()) {
      relay.on_response_end();
      attempt_open = false;
    } else if (event == 6) {
      relay.on_client_failure(Failure::ClientAbort);
      attempt_open = false;
    } else if (event == 7) {
      client.see(relay.on_stopped(Failure::DrainCut));
      attempt_open = false;
    }
    if (event == 9 && relay.is_answering()) {
      relay.on_closed(Failure::DrainClose);
      attempt_open = false;
    }
    if (event == 8 && attempt_open && relay.may_replace_answer(true, budget_of(data[i]))) {
      demand(!was_done && client.heads == 0);
      relay.on_answer_replaced();
      attempt_open = false;
    }
    demand(!was_done || relay.is_done());
    demand(relay.attempts() == sent && sent <= 1u + data[0] % 4);
  }
  return 0;
}
