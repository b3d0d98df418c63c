// The CORS fields of a service that declares its origins (Fetch, "CORS protocol"): compiled when
// the config is read, immutable then.
//
// The server's own Access-Control-* fields are taken out by HeaderRules; these take their place.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace tealgate {

class CorsPolicy {
 public:
  // "*" alone is any; it may not be combined with credentials.
  struct Terms {
    std::vector<std::string> origins;  // as browsers send them: "https://app.example.com"
    std::vector<std::string> methods = {"GET", "HEAD", "POST"};
    std::vector<std::string> headers;  // of requests, beyond those always allowed
    std::vector<std::string> expose;   // of responses
    bool credentials = false;
    std::chrono::seconds max_age{5};  // what browsers assume where nothing is said
  };

  explicit CorsPolicy(const Terms& terms);

  bool allows(std::string_view origin) const;

  // For every answer of the service, ours included; `origin` is the request's, or empty. An origin
  // that is not declared gets Vary alone.
  void append_answer_fields(std::string& out, std::string_view origin) const;
  // For the answer to a preflight of an origin that is allowed.
  void append_preflight_fields(std::string& out, std::string_view origin) const;

 private:
  void append_origin(std::string& out, std::string_view origin) const;

  std::vector<std::string> origins_;
  bool any_origin_ = false;
  std::string answer_lines_;     // the same for every allowed origin
  std::string preflight_lines_;  // likewise
};

// A question of a browser before the real request.
bool is_preflight(const RequestHead& head);

}  // namespace tealgate
