#include "base/child_process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/loop.h"
#include "base/poller.h"
#include "base/uv_handle.h"

extern char** environ;

namespace tealgate {
namespace {

constexpr int kAboveStdio = 10;  // where no number collides with one that the child gets
constexpr std::size_t kLongestLine = 4096;

UniqueFd moved_up(int fd) {
  return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, kAboveStdio));
}

ChildProcess::Exit exit_of(std::int64_t status, int signal) {
  if (signal == 0) {
    return {fmt::format("ended with exit code {}", status), static_cast<int>(status)};
  }
  return {fmt::format("was killed by signal {} ({})", signal, ::strsignal(signal)), -1};
}

// Also those of libraries, such as libcurl's pair to be woken by, which have no flag of their own
// (but one that another thread opens this very moment). An older kernel refuses, and the child has
// a few that it does not know.
void keep_descriptors_from_children() {
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& each : strings) result.push_back(each.data());
  result.push_back(nullptr);
  return result;
}

uv_stdio_container_t inherited(const UniqueFd& fd) {
  uv_stdio_container_t stdio{};
  stdio.flags = fd.is_open() ? UV_INHERIT_FD : UV_IGNORE;
  stdio.data.fd = fd.get();
  return stdio;
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  std::error_code failed;
  // It may end meanwhile.
  std::filesystem::directory_iterator thread(fmt::format("/proc/{}/task", pid), failed);
  for (; !failed && thread != std::filesystem::directory_iterator(); thread.increment(failed)) {
    std::ifstream list(thread->path() / "children");
    for (pid_t child = 0; list >> child;) children.push_back(child);
  }
  return children;
}

// With all that it started, which would live on as nobody's. Who is stopped starts nobody else.
void kill_with_children(pid_t pid) {
  ::kill(pid, SIGSTOP);
  for (const pid_t child : children_of(pid)) kill_with_children(child);
  ::kill(pid, SIGKILL);
}

// The lines that come from a pipe.
class Lines final : private Pollable {
 public:
  Lines(Loop& loop, UniqueFd fd, std::function<void(std::string_view)> on_line)
      : poller_(loop.poller()),
        fd_(std::move(fd)),
        on_line_(std::move(on_line)),
        token_(poller_.add(*this)) {
    ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
    poller_.watch(token_, fd_.get());
  }
  ~Lines() { poller_.remove(token_); }

  // Also what is not a whole line.
  void finish() {
    read();
    if (!waiting_.empty()) on_line_(std::exchange(waiting_, {}));
  }

 private:
  void on_events(std::uint32_t) override { read(); }
  void read() {
    char bytes[4096];
    ssize_t got = 0;
    while ((got = ::read(fd_.get(), bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR)) {
      if (got > 0) take({bytes, static_cast<std::size_t>(got)});
    }
  }
  void take(std::string_view bytes) {
    waiting_ += bytes;
    for (std::size_t end = 0; (end = waiting_.find('\n')) != std::string::npos;) {
      on_line_(std::string_view(waiting_).substr(0, end));
      waiting_.erase(0, end + 1);
    }
    if (waiting_.size() > kLongestLine) on_line_(std::exchange(waiting_, {}));
  }

  Poller& poller_;
  UniqueFd fd_;
  std::function<void(std::string_view)> on_line_;
  Poller::Token token_;
  std::string waiting_;
};

}  // namespace

struct ChildProcess::State {
  Loop& loop;
  Listener listener;
  UvHandle<uv_process_t> handle;
  std::unique_ptr<Lines> lines;
  pid_t pid = -1;
  bool is_running = false;

  void on_exit(std::int64_t status, int signal) {
    is_running = false;
    loop.call([this, exit = exit_of(status, signal)] {
      lines->finish();
      listener.on_exit(exit);
    });
  }
};

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(Loop& loop, Order order,
                                                          Listener listener) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return error("cannot make a pipe: {}", std::strerror(errno));
  UniqueFd read_end(ends[0]);
  const UniqueFd low(ends[1]);
  const UniqueFd child_stderr = moved_up(low.get());
  const UniqueFd child_stdout = moved_up(STDOUT_FILENO);
  const UniqueFd channel = moved_up(order.channel.get());
  const UniqueFd our_stderr = moved_up(STDERR_FILENO);
  uv_stdio_container_t stdio[] = {inherited(UniqueFd()), inherited(child_stdout),
                                  inherited(child_stderr), inherited(channel),
                                  inherited(our_stderr)};
  std::vector<char*> arguments = pointers(order.arguments);
  std::vector<char*> environment = pointers(order.environment);
  uv_process_options_t options{};
  options.file = order.path.c_str();
  options.args = arguments.data();
  options.env = environment.data();
  options.stdio = stdio;
  options.stdio_count = 5;
  options.exit_cb = [](uv_process_t* handle, std::int64_t status, int signal) {
    if (handle->data) static_cast<State*>(handle->data)->on_exit(status, signal);
  };
  auto state = std::make_unique<State>(State{loop, std::move(listener), nullptr, nullptr});
  state->handle.reset(new uv_process_t);
  keep_descriptors_from_children();
  const int failed = uv_spawn(loop.uv(), state->handle.get(), &options);
  if (failed != 0) return error("{}: cannot be run: {}", order.path, uv_strerror(failed));
  state->handle->data = state.get();
  state->pid = state->handle->pid;
  state->is_running = true;
  state->lines = std::make_unique<Lines>(loop, std::move(read_end), state->listener.on_stderr);
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(state)));
}

ChildProcess::ChildProcess(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChildProcess::~ChildProcess() = default;

pid_t ChildProcess::pid() const {
  return state_->pid;
}

bool ChildProcess::is_running() const {
  return state_->is_running;
}

void ChildProcess::kill() {
  if (state_->is_running) kill_with_children(state_->pid);
}

std::vector<std::string> environment_without(const std::vector<std::string>& names) {
  std::vector<std::string> kept;
  for (char** each = environ; *each; ++each) {
    const std::string_view variable = *each;
    const bool is_named = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return variable.starts_with(name + "=");
    });
    if (!is_named) kept.emplace_back(variable);
  }
  return kept;
}

}  // namespace tealgate
