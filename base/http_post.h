// Posts bodies to one address over HTTP or HTTPS, for what leaves the house besides traffic: log
// lines. It is not the proxy's client (http/client_connection).
//
// Blocking, so it is for a thread that waits for nothing else. The connection is kept between
// posts. Redirects are not followed, and no proxy of the environment is asked. libcurl's header is
// included nowhere else.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tealgate {

class HttpPost {
 public:
  struct Target {
    std::string url;
    std::vector<std::string> fields;  // "Content-Type: application/json"
    std::string username, password;   // Basic; empty: none
    std::string ca_file;              // empty: whom the system trusts
  };
  struct Answer {
    int status = 0;
    Duration retry_after{};  // zero: none was asked for
    std::string body;        // its first 512 bytes; the connection is cut after 64 KiB
  };

  HttpPost();
  ~HttpPost();
  HttpPost(const HttpPost&) = delete;
  HttpPost& operator=(const HttpPost&) = delete;

  // Where post() goes from now on.
  void aim(const Target& target);
  // The error says why there is no answer. `patience` bounds all of it.
  Result<Answer> post(const std::string& body, Duration patience);

  // Any thread: a post() that runs, and those to come, give up at `time`.
  void give_up_at(TimePoint time);
  // The thread of post(): forgets give_up_at().
  void take_heart();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tealgate
