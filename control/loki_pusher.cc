#include "control/loki_pusher.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/gzip.h"
#include "base/log.h"
#include "base/quiet_thread.h"

namespace tealgate {
namespace {

constexpr Duration kPatience = std::chrono::seconds(10);
constexpr Duration kFarewell = std::chrono::seconds(2);
constexpr std::size_t kShownBody = 200;

HttpPost::Target target_of(const LokiSettings& settings) {
  HttpPost::Target target{.url = settings.url,
                          .fields = {"Content-Type: application/json", "Content-Encoding: gzip"},
                          .username = settings.username,
                          .password = settings.password,
                          .ca_file = settings.ca_file};
  if (!settings.tenant.empty()) target.fields.push_back("X-Scope-OrgID: " + settings.tenant);
  if (!settings.token.empty()) target.fields.push_back("Authorization: Bearer " + settings.token);
  return target;
}

// "401, is it the right tenant, name, password or token?: no org id".
std::string in_words(const Result<HttpPost::Answer>& answer) {
  if (!answer) return answer.error().message;
  std::string_view body = answer->body;
  body = body.substr(0, std::min({body.find_first_of("\r\n"), body.size(), kShownBody}));
  const char* hint = answer->status == 401 || answer->status == 403
                         ? ", is it the right tenant, name, password or token?"
                     : answer->status == 404 || answer->status / 100 == 3 ? ", is it the right url?"
                     : answer->status == 413
                         ? ", does a proxy before it take less than a batch, 1 MiB and more?"
                         : "";
  return fmt::format("{}{}{}{}", answer->status, hint, body.empty() ? "" : ": ", body);
}

}  // namespace

LokiPusher::~LokiPusher() {
  if (!thread_.joinable()) return;
  {
    Lock lock(mutex_);
    is_ending_ = true;
    ends_ = std::min(ends_, Clock::now() + kFarewell);
    post_->give_up_at(ends_);
    changed_.notify_one();
  }
  thread_.join();
  const std::uint64_t lost = batch_.lines + queue_.clear();
  if (lost > 0) log_warning("{} log lines did not get to Loki before the end", lost);
}

void LokiPusher::configure(const std::optional<LokiSettings>& settings) {
  Lock lock(mutex_);
  if (settings == wanted_) return;
  wanted_ = settings;
  is_changed_ = true;
  counts_.is_on = settings.has_value();
  ends_ = settings ? TimePoint::max() : Clock::now() + kFarewell;
  if (!post_) post_ = std::make_unique<HttpPost>();
  post_->give_up_at(settings ? Clock::now() : ends_);
  changed_.notify_one();
  if (thread_.joinable()) return;
  queue_.set_limit(settings->queue_bytes);
  thread_ = begin_quiet_thread("loki", [this] { run(); });
}

LokiPusher::Counts LokiPusher::counts() const {
  Lock lock(mutex_);
  Counts counts = counts_;
  counts.overflown = overflown();
  counts.waiting_bytes = queue_.bytes() + batch_.bytes;
  return counts;
}

// The copy is made before the lock is taken.
void LokiPusher::put(LokiChunk::Origin origin, std::string_view lines) {
  std::vector<LokiChunk> chunks = LokiQueue::cut(origin, lines);
  Lock lock(mutex_);
  if (!counts_.is_on) return;
  const bool was_empty = queue_.is_empty();
  queue_.put(std::move(chunks), Clock::now());
  if (was_empty || queue_.bytes() >= LokiPace::kBatchBytes) changed_.notify_one();
}

void LokiPusher::run() {
  Lock lock(mutex_);
  while (!is_ending_) {
    if (is_changed_) {
      adopt(lock);
      continue;
    }
    if (!settings_ || !is_anything_waiting()) {
      changed_.wait(lock);
      continue;
    }
    const TimePoint due = pace_.due(queue_.bytes(), queue_.first());
    if (due > Clock::now()) {
      changed_.wait_until(lock, due);
    } else {
      push(lock);
    }
  }
  flush(lock);
}

// What is in hand is encoded anew only where its labels are others: Loki may have it already, and
// knows it again by its times.
void LokiPusher::adopt(Lock& lock) {
  is_changed_ = false;
  pace_.on_changed();
  if (!wanted_) {
    flush(lock);
    if (is_changed_) return;  // there is a Loki again
    counts_.abandoned += batch_.lines + queue_.clear();
    batch_ = {};
    settings_.reset();
    return;
  }
  if (settings_ && settings_->labels != wanted_->labels) batch_.packed.clear();
  settings_ = wanted_;
  queue_.set_limit(settings_->queue_bytes);
  post_->take_heart();
  post_->aim(target_of(*settings_));
}

// Until nothing waits any more, or something goes wrong, or time is over.
void LokiPusher::flush(Lock& lock) {
  while (settings_ && is_anything_waiting() && Clock::now() < ends_) {
    if (push(lock) == LokiPace::Outcome::Failed) return;
  }
}

LokiPace::Outcome LokiPusher::push(Lock& lock) {
  if (batch_.lines == 0) take_batch();
  lock.unlock();
  if (batch_.packed.empty()) {
    batch_.packed = gzip(payload_.encode(batch_.chunks, settings_->labels, WallClock::now()));
  }
  const Result<HttpPost::Answer> answer = post_->post(batch_.packed, kPatience);
  lock.lock();
  const auto outcome = LokiPace::outcome_of(answer ? answer->status : 0);
  const bool was_interrupted = !answer && (is_changed_ || is_ending_);
  if (was_interrupted) return outcome;
  account(answer, outcome);
  const LokiPace::News news = pace_.news(outcome, overflown() - overflown_told_, Clock::now());
  const std::string words = sentence(news, answer);
  if (news == LokiPace::News::None) return outcome;
  lock.unlock();
  log_line(news == LokiPace::News::Works ? LogLevel::Info : LogLevel::Warning, words);
  on_news_(news, words);
  lock.lock();
  return outcome;
}

void LokiPusher::take_batch() {
  dropped_before_ = queue_.dropped();
  batch_.chunks = queue_.take(LokiPace::kBatchBytes, Clock::now());
  for (const LokiChunk& chunk : batch_.chunks) {
    batch_.lines += chunk.count;
    batch_.bytes += chunk.lines.size();
  }
}

void LokiPusher::account(const Result<HttpPost::Answer>& answer, LokiPace::Outcome outcome) {
  if (outcome == LokiPace::Outcome::Failed) {
    ++counts_.failures;
    const double chance = std::uniform_real_distribution<double>(0, 1)(chance_);
    pace_.on_failed(Clock::now(), answer ? answer->retry_after : Duration::zero(), chance);
    // Where there is no room the oldest go, and none are older than these. So a batch that Loki
    // never takes does not keep it from all others for good.
    if (queue_.dropped() == dropped_before_) return;
    counts_.overflown += std::exchange(batch_, {}).lines;
    return;
  }
  if (outcome == LokiPace::Outcome::Accepted) {
    counts_.pushed += batch_.lines;
    counts_.last_push = WallClock::now();
    pace_.on_accepted();
  } else {
    counts_.refused += batch_.lines;
    pace_.on_refused();
  }
  batch_ = {};
}

std::uint64_t LokiPusher::overflown() const {
  return counts_.overflown + queue_.dropped();
}

std::uint64_t LokiPusher::dropped() const {
  return overflown() + counts_.refused + counts_.abandoned;
}

std::string LokiPusher::sentence(LokiPace::News news, const Result<HttpPost::Answer>& answer) {
  if (news == LokiPace::News::None) return "";
  if (news == LokiPace::News::Works || news == LokiPace::News::Lags) {
    const bool is_again = news == LokiPace::News::Works;
    const std::uint64_t untold = is_again ? dropped() - told_ : overflown() - overflown_told_;
    told_ += untold;
    overflown_told_ = overflown();
    return fmt::format("Loki at {} takes log lines{}; {} were dropped", settings_->url,
                       is_again ? " again" : ", but there was not room for all that waited",
                       untold);
  }
  const bool refuses = news == LokiPace::News::Refuses;
  return fmt::format(
      "Loki at {} {}: {}", settings_->url,
      refuses ? "refuses log lines, which are dropped" : "takes no log lines, which wait",
      in_words(answer));
}

}  // namespace tealgate
