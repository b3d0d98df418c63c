// How many TLS handshakes take a step before all else on their loop has a turn. A step of a whole
// one costs a fifth of a millisecond, many times what a request costs: without a bound, a flood of
// them would hold up everybody. Those that must wait come in their order. Per thread.
#pragma once

namespace tealgate {

inline constexpr unsigned kHandshakeStepsPerTurn = 4;

void begin_handshake_turn();
// False: wait for the next turn.
bool take_handshake_step();

}  // namespace tealgate
