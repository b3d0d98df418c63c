#include "base/work.h"

#include <uv.h>

#include <atomic>
#include <memory>

#include "base/check.h"
#include "base/loop.h"

namespace tealgate {
namespace {

std::atomic<unsigned> running_jobs = 0;  // of all loops

struct Work {
  Loop& loop;
  uv_work_t request{};
  std::function<void()> job;
  std::function<void()> done;
};

}  // namespace

void run_in_pool(Loop& loop, std::function<void()> job, std::function<void()> done) {
  std::unique_ptr<Work> work(new Work{loop, {}, std::move(job), std::move(done)});
  work->request.data = work.get();
  ++running_jobs;
  const int status = uv_queue_work(
      loop.uv(), &work->request,
      [](uv_work_t* request) {
        static_cast<Work*>(request->data)->job();
        --running_jobs;
      },
      [](uv_work_t* request, int) {
        const std::unique_ptr<Work> finished(static_cast<Work*>(request->data));
        finished->loop.call(finished->done);
      });
  CHECK(status == 0, "a job without a null function is always queued");
  work.release();
}

bool are_jobs_abandoned() {
  return running_jobs != 0;
}

}  // namespace tealgate
