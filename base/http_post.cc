#include "base/http_post.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/check.h"

namespace tealgate {
namespace {

constexpr std::size_t kKeptBody = 512;
constexpr std::size_t kMostBody = std::size_t{64} << 10;
constexpr long kConnectMs = 5000;
constexpr Duration kLongestWait = std::chrono::hours(1);

struct Body {
  std::string kept;  // its first bytes
  std::size_t size = 0;
};

// Who says more than this is not listened to any longer; the status came long before.
std::size_t keep_some(char* bytes, std::size_t one, std::size_t count, void* to) {
  auto& body = *static_cast<Body*>(to);
  body.kept.append(bytes, std::min(one * count, kKeptBody - body.kept.size()));
  body.size += one * count;
  return body.size > kMostBody ? 0 : one * count;
}

// Not to be inherited by a daemon that replaces this one.
curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* to) {
  return ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

void begin_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] {
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "libcurl does not begin");
  });
}

}  // namespace

struct HttpPost::State {
  State() {
    begin_libcurl();
    multi = curl_multi_init();
    easy = curl_easy_init();
    CHECK(multi != nullptr && easy != nullptr, "no memory to post with");
  }
  ~State() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
    curl_slist_free_all(fields);
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK,
          "an option that libcurl does not know");
  }
  void carry(Duration patience);
  CURLcode outcome();

  CURLM* multi;
  CURL* easy;
  curl_slist* fields = nullptr;
  char error[CURL_ERROR_SIZE] = "";
  Body body;  // of the answer
  std::atomic<TimePoint> latest{TimePoint::max()};
};

HttpPost::HttpPost() : state_(std::make_unique<State>()) {}
HttpPost::~HttpPost() = default;

void HttpPost::aim(const Target& target) {
  State& s = *state_;
  curl_easy_reset(s.easy);
  curl_slist_free_all(std::exchange(s.fields, nullptr));
  for (const std::string& field : target.fields) {
    s.fields = curl_slist_append(s.fields, field.c_str());
  }
  s.fields = curl_slist_append(s.fields, "Expect:");  // send the body at once
  s.set(CURLOPT_URL, target.url.c_str());
  s.set(CURLOPT_HTTPHEADER, s.fields);
  s.set(CURLOPT_USERAGENT, "tealgate");
  if (!target.username.empty()) {
    s.set(CURLOPT_USERNAME, target.username.c_str());
    s.set(CURLOPT_PASSWORD, target.password.c_str());
  }
  if (!target.ca_file.empty()) {
    s.set(CURLOPT_CAINFO, target.ca_file.c_str());
    s.set(CURLOPT_CAPATH, nullptr);
  }
  s.set(CURLOPT_PROTOCOLS_STR, "http,https");
  s.set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  s.set(CURLOPT_PROXY, "");
  s.set(CURLOPT_NOSIGNAL, 1L);
  s.set(CURLOPT_QUICK_EXIT, 1L);  // never wait for a resolver that hangs
  s.set(CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
  s.set(CURLOPT_OPENSOCKETFUNCTION, open_socket);
  s.set(CURLOPT_WRITEFUNCTION, keep_some);
  s.set(CURLOPT_WRITEDATA, &s.body);
  s.set(CURLOPT_ERRORBUFFER, s.error);
}

Result<HttpPost::Answer> HttpPost::post(const std::string& body, Duration patience) {
  State& s = *state_;
  s.body = {};
  s.error[0] = '\0';
  s.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  s.set(CURLOPT_POSTFIELDS, body.data());
  CHECK(curl_multi_add_handle(s.multi, s.easy) == CURLM_OK, "one post after the other");
  s.carry(patience);
  const CURLcode outcome = s.outcome();
  curl_multi_remove_handle(s.multi, s.easy);
  long status = 0;
  curl_easy_getinfo(s.easy, CURLINFO_RESPONSE_CODE, &status);
  // A status is an answer, whatever becomes of its body.
  if (status < 200) {
    if (outcome == CURLE_AGAIN) return tealgate::error("no answer came in time");
    return tealgate::error("{}", s.error[0] != '\0' ? s.error : curl_easy_strerror(outcome));
  }
  curl_off_t seconds = 0;
  curl_easy_getinfo(s.easy, CURLINFO_RETRY_AFTER, &seconds);
  const curl_off_t most = std::chrono::duration_cast<std::chrono::seconds>(kLongestWait).count();
  return Answer{static_cast<int>(status),
                std::chrono::seconds(std::clamp<curl_off_t>(seconds, 0, most)), s.body.kept};
}

void HttpPost::State::carry(Duration patience) {
  const TimePoint ends = Clock::now() + patience;
  int running = 1;
  while (curl_multi_perform(multi, &running) == CURLM_OK && running > 0) {
    const Duration left = std::min(ends, latest.load()) - Clock::now();
    if (left <= Duration::zero()) return;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(std::min<std::int64_t>(wait, 1000)),
                    nullptr);
  }
}

// CURLE_AGAIN, which libcurl itself gives to nobody here: it is not over.
CURLcode HttpPost::State::outcome() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) return message->data.result;
  }
  return CURLE_AGAIN;
}

void HttpPost::give_up_at(TimePoint time) {
  state_->latest = time;
  curl_multi_wakeup(state_->multi);
}

void HttpPost::take_heart() {
  state_->latest = TimePoint::max();
}

}  // namespace tealgate
