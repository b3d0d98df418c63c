#include "base/log_writer.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "base/log_file.h"
#include "base/quiet_thread.h"
#include "base/unique_fd.h"

namespace tealgate {
namespace {

constexpr std::size_t kWakeBytes = 64 * 1024;

}  // namespace

struct LogWriter::State {
  State(const Settings& s, std::optional<LogFile> f)
      : settings(s),
        file(std::move(f)),
        wake_fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        is_wanted(file.has_value()) {}

  void start();
  void stop();
  void wake();
  void run();
  void wait() const;
  void write_waiting();
  void reopen_if_asked();
  void report_trouble();
  void tell(News news, const std::string& sentence) const;
  LogTee* wanted_tee() const;

  const Settings settings;
  std::optional<LogFile> file;  // the thread's; none when off
  const UniqueFd wake_fd;
  std::atomic<bool> is_woken{false};  // a wake-up is under way
  std::atomic<bool> is_stopping{false};
  std::atomic<bool> is_wanted;  // by the file or by a tee
  std::atomic<bool> is_reopen_asked{false};
  std::atomic<std::uint64_t> written{0};
  std::atomic<std::uint64_t> dropped_by_file{0};
  bool is_trouble_told = false;
  TimePoint may_tell_from = TimePoint::min();
  std::uint64_t dropped_told = 0;
  std::string batch;

  mutable std::mutex mutex;  // guards what follows; producers take it only at their birth
  std::condition_variable flushed;
  LogTee* tee = nullptr;
  std::uint64_t flush_asked = 0;
  std::uint64_t flush_done = 0;
  std::vector<std::shared_ptr<LogRing>> rings;
  std::uint64_t dropped_by_ended = 0;  // of producers that are gone

  std::thread thread;
};

void LogWriter::State::start() {
  CHECK(wake_fd.is_open(), "no descriptor left for the log writer");
  thread = begin_quiet_thread("log-writer", [this] { run(); });
}

void LogWriter::State::stop() {
  is_stopping = true;
  wake();
  thread.join();
}

void LogWriter::State::wake() {
  if (is_woken.exchange(true)) return;
  std::uint64_t one = 1;
  ssize_t size = ::write(wake_fd.get(), &one, sizeof one);
  CHECK(size == sizeof one, "an eventfd takes a 1");
}

void LogWriter::State::run() {
  bool is_last_round = false;
  while (!is_last_round) {
    wait();
    std::uint64_t unread = 0;
    if (::read(wake_fd.get(), &unread, sizeof unread) > 0) is_woken = false;
    is_last_round = is_stopping;
    std::uint64_t asked = 0;
    {
      std::lock_guard lock(mutex);
      asked = flush_asked;
    }
    write_waiting();
    reopen_if_asked();
    std::lock_guard lock(mutex);
    flush_done = asked;
    flushed.notify_all();
  }
}

void LogWriter::State::wait() const {
  auto timeout =
      is_wanted ? std::chrono::ceil<std::chrono::milliseconds>(settings.interval).count() : -1;
  pollfd woken{wake_fd.get(), POLLIN, 0};
  ::poll(&woken, 1, static_cast<int>(timeout));
}

void LogWriter::State::write_waiting() {
  batch.clear();
  {
    std::lock_guard lock(mutex);
    std::erase_if(rings, [this](const std::shared_ptr<LogRing>& ring) {
      bool has_ended = ring->has_ended();  // before take(), which then gets all of it
      ring->take(batch);
      if (has_ended) dropped_by_ended += ring->dropped();
      return has_ended;
    });
  }
  if (batch.empty()) return;
  if (LogTee* other = wanted_tee()) other->take(batch);
  if (!file) return;
  file->write(batch, settings.patience);
  written = file->written();
  dropped_by_file = file->dropped();
  report_trouble();
}

LogTee* LogWriter::State::wanted_tee() const {
  std::lock_guard lock(mutex);
  return tee;
}

void LogWriter::State::reopen_if_asked() {
  if (!is_reopen_asked.exchange(false) || !file) return;
  Result<void> result = file->reopen();
  if (!result) log_error("{}; going on with the file that is open", result.error().message);
  dropped_by_file = file->dropped();
}

void LogWriter::State::report_trouble() {
  const int error = file->last_error();
  if ((error != 0) == is_trouble_told) return;
  if (error != 0) {
    if (Clock::now() < may_tell_from) return;
    may_tell_from = Clock::now() + settings.quiet;
    const char* why = error == EAGAIN ? "nobody reads it" : std::strerror(error);
    tell(News::Fails,
         fmt::format("the log {} takes nothing, lines are dropped: {}", file->target(), why));
  } else {
    const std::uint64_t untold = file->dropped() - std::exchange(dropped_told, file->dropped());
    tell(News::Works,
         fmt::format("the log {} is written again; {} lines were dropped", file->target(), untold));
  }
  is_trouble_told = error != 0;
}

void LogWriter::State::tell(News news, const std::string& sentence) const {
  if (news == News::Fails) log_error("{}", sentence);
  if (news == News::Works) log_info("{}", sentence);
  if (settings.on_news) settings.on_news(news, sentence);
}

Result<std::unique_ptr<LogWriter>> LogWriter::open(const Settings& settings) {
  std::optional<LogFile> file;
  if (settings.target != "off") {
    Result<LogFile> opened = LogFile::open(settings.target);
    if (!opened) return tl::make_unexpected(opened.error());
    file = std::move(*opened);
  }
  auto state = std::make_unique<State>(settings, std::move(file));
  state->start();
  return std::unique_ptr<LogWriter>(new LogWriter(std::move(state)));
}

LogWriter::LogWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

LogWriter::~LogWriter() {
  state_->stop();
}

void LogWriter::reopen() {
  state_->is_reopen_asked = true;
  state_->wake();
}

void LogWriter::flush() {
  std::unique_lock lock(state_->mutex);
  std::uint64_t asked = ++state_->flush_asked;
  state_->wake();
  state_->flushed.wait(lock, [&] { return state_->flush_done >= asked; });
}

LogWriter::Counts LogWriter::counts() const {
  std::lock_guard lock(state_->mutex);
  std::uint64_t dropped = state_->dropped_by_file + state_->dropped_by_ended;
  for (const std::shared_ptr<LogRing>& ring : state_->rings) dropped += ring->dropped();
  return {state_->written, dropped};
}

void LogWriter::set_tee(LogTee* tee) {
  {
    std::lock_guard lock(state_->mutex);
    state_->tee = tee;
    state_->is_wanted = tee != nullptr || state_->file.has_value();
  }
  state_->wake();  // it may have had nothing to look for
}

LogWriter::Producer::Producer(LogWriter& writer)
    : state_(*writer.state_), ring_(std::make_shared<LogRing>(state_.settings.buffer_bytes)) {
  std::lock_guard lock(state_.mutex);
  state_.rings.push_back(ring_);
}

LogWriter::Producer::~Producer() {
  ring_->end();
}

bool LogWriter::Producer::is_wanted() const {
  return state_.is_wanted.load(std::memory_order_relaxed);
}

void LogWriter::Producer::append(std::string_view line) {
  if (!is_wanted()) return;
  ring_->append(line);
  if (ring_->waiting() < kWakeBytes) return;
  ring_->look();
  if (ring_->waiting() >= kWakeBytes) state_.wake();
}

}  // namespace tealgate
