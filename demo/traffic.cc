#include "demo/traffic.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <numbers>
#include <utility>

#include "base/timer.h"
#include "http/client_connection.h"
#include "http/h1_writer.h"

namespace tealgate::demo {

namespace {

constexpr Duration kPause = std::chrono::milliseconds(1);  // rounded up to a tick of the timer
constexpr Duration kPatience = std::chrono::seconds(30);
constexpr unsigned kPostEvery = 10;
constexpr unsigned kShoppers = 8;
constexpr unsigned kReporters = 6;  // so that a drain has something to wait for
constexpr std::chrono::seconds kTide(90);

// How many requests there are between two pauses: 1 to 8, in long waves.
unsigned requests_per_burst(TimePoint now) {
  const double turns = now.time_since_epoch() / std::chrono::duration<double>(kTide);
  return 1 + static_cast<unsigned>(3.5 * (1 + std::sin(turns * 2 * std::numbers::pi)));
}

}  // namespace

class Traffic::Client final : private ClientConnectionOwner {
 public:
  enum class Kind : unsigned char { Shopper, Reporter };

  Client(Loop& loop, const SocketAddress& proxy, Counts& counts, Kind kind)
      : loop_(loop), proxy_(proxy), counts_(counts), kind_(kind), timer_(loop, [this] {
          on_timer();
        }) {
    timer_.start(kPause);
  }

 private:
  void on_timer() {
    if (waiting_) return fail("no answer within 30 s");
    burst_left_ = kind_ == Kind::Reporter ? 1 : requests_per_burst(loop_.now());
    send();
  }

  void send() {
    if (!connection_) connection_ = ClientConnection::connect(loop_, proxy_, *this);
    waiting_ = true;
    status_ = 0;
    const bool is_post = ++sent_ % kPostEvery == 0 && kind_ == Kind::Shopper;
    const std::string body = is_post ? fmt::format("order number {}\n", sent_) : std::string();
    const Framing framing{is_post ? Framing::Kind::Length : Framing::Kind::None, body.size()};
    std::string head;
    append_request_line(head, is_post ? "POST" : "GET", kind_ == Kind::Reporter ? "/report" : "/");
    append_field(head, "Host", "demo.localhost");
    append_framing(head, framing);
    append_end_of_head(head);
    timer_.start(kPatience);
    connection_->send_request(head + body, is_post ? "POST" : "GET", framing);
    connection_->end_body();
  }

  void on_response_head(const ResponseHead& head) override {
    status_ = head.status;
    pool_ = head.field("X-Pool");
  }
  void on_response_body(std::string_view) override {}

  void on_response_end() override {
    waiting_ = false;
    ++counts_.requests;
    if (status_ < 200 || status_ > 299) {
      ++counts_.failed;
      counts_.last_failure = fmt::format("status {}", status_);
    } else {
      ++counts_.by_pool[pool_];
    }
    if (!connection_->is_reusable()) connection_.reset();
    // The next request leaves after this callback: from inside it the connection is not free yet.
    if (--burst_left_ > 0) {
      return loop_.defer([self = std::weak_ptr<Client*>(self_)] {
        if (const auto client = self.lock()) (*client)->send();
      });
    }
    timer_.start(kPause);
  }

  void on_failure(Failure failure, std::string_view) override {
    // An idle connection may close; only an unanswered request is a failure.
    if (waiting_) return fail(facts_of(failure).end);
    connection_.reset();
  }

  void fail(std::string_view why) {
    waiting_ = false;
    ++counts_.requests;
    ++counts_.failed;
    counts_.last_failure = why;
    connection_.reset();
    timer_.start(kPause);
  }

  Loop& loop_;
  SocketAddress proxy_;
  Counts& counts_;
  const Kind kind_;
  Timer timer_;
  std::unique_ptr<ClientConnection> connection_;
  std::string pool_;
  std::uint64_t sent_ = 0;
  unsigned burst_left_ = 0;
  int status_ = 0;
  bool waiting_ = false;
  std::shared_ptr<Client*> self_ = std::make_shared<Client*>(this);  // for what is deferred
};

Traffic::Traffic(Loop& loop, const SocketAddress& proxy) {
  for (unsigned i = 0; i < kShoppers + kReporters; ++i) {
    const auto kind = i < kShoppers ? Client::Kind::Shopper : Client::Kind::Reporter;
    clients_.push_back(std::make_unique<Client>(loop, proxy, counts_, kind));
  }
}

Traffic::~Traffic() = default;

}  // namespace tealgate::demo
