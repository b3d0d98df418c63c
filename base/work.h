// Blocking jobs (file syncs, name look-ups) in libuv's thread pool.
#pragma once

#include <functional>

namespace tealgate {

class Loop;

// Runs `job` on another thread and then `done` on the loop's. The loop stays alive until both have
// run: whatever `done` touches must guard itself against its own end. Never write logs through it.
void run_in_pool(Loop& loop, std::function<void()> job, std::function<void()> done);

// Whether jobs run that a Loop gave up at its end (a name server that does not answer). The process
// must then end by _exit(): exit() would wait for them.
bool are_jobs_abandoned();

}  // namespace tealgate
