// Blocking jobs (file syncs, name look-ups) in libuv's thread pool.
#pragma once

#include <functional>

namespace tealgate {

class Loop;

// Runs `job` on another thread and then `done` on the loop's. The loop stays alive until both have
// run: whatever `done` touches must guard itself against its own end. Never write logs through it.
void run_in_pool(Loop& loop, std::function<void()> job, std::function<void()> done);

}  // namespace tealgate
