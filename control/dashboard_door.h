// Who comes to the dashboard's address: which Host and Origin may ask there, and what the token
// that is shown permits.
//
// It decides and sends nothing. Tokens are compared by their hashes, all of them, in the same time
// whatever they are. There are no cookies: a foreign page could make a browser ask, but not show
// the token. Pure but for the wrong tokens that it remembers; time comes in. Owned by the
// dashboard.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/access.h"
#include "control/api.h"
#include "control/config.h"
#include "control/token_guesses.h"

namespace tealgate {

class DashboardDoor {
 public:
  // Whether who shows no token may read.
  enum class Reading : std::uint8_t { Free, TakesToken };

  // What a request says of itself.
  struct Visitor {
    SocketAddress from;
    std::string_view host;
    std::optional<std::string_view> origin = {};
    std::optional<std::string_view> authorization = {};
  };
  struct Entry {
    Caller caller;
    Access access;
  };
  struct Refused {
    Api::Refusal answer;
    bool is_guess = false;  // it belongs into the log
  };

  // `written` is the address as it was configured when it was opened.
  Result<Entry, Refused> enter(const DashboardConfig& config, Reading reading,
                               const Visitor& visitor, TimePoint now);

  explicit DashboardDoor(std::string written) : written_(std::move(written)) {}

 private:
  Result<Entry, Refused> with_token(const DashboardConfig& config, const Visitor& visitor,
                                    TimePoint now);

  std::string written_;
  TokenGuesses guesses_;
};

// Whether a Host (with or without port) is an IP address, `localhost`, or the host of the address
// `written` in the config.
bool is_own_host(std::string_view authority, std::string_view written);

// Whether an Origin ("http://127.0.0.1:9180") is the page of `authority` itself.
bool is_own_origin(std::string_view origin, std::string_view authority);

// The token of that config which is shown; null: none.
const DashboardToken* find_token(const DashboardConfig& config, std::string_view shown);

}  // namespace tealgate
