// A connection to one server, in use by one attempt or idle in a ConnectionCache.
#pragma once

#include <memory>

#include "base/timer.h"
#include "http/client_connection.h"
#include "upstream/server.h"

namespace tealgate {

class UpstreamUser : public ClientConnectionOwner {
 public:
  // The deadline that start_deadline() set has passed.
  virtual void on_deadline() = 0;

 protected:
  ~UpstreamUser() = default;
};

class UpstreamConnection {
 public:
  // Starts connecting, from the thread of this worker; see ClientConnection::connect.
  UpstreamConnection(Loop& loop, const Server& server, unsigned worker, UpstreamUser& user)
      : server_(server.state),
        tls_(server.tls),
        user_(&user),
        http_(ClientConnection::connect(loop, server.address, user,
                                        tls_ ? tls_->connect(worker, server.peer()) : nullptr)),
        deadline_(loop, [this] { user_->on_deadline(); }) {}

  void set_user(UpstreamUser& user) {
    user_ = &user;
    http_->set_owner(user);
  }

  ClientConnection& http() { return *http_; }
  ServerState& server() const { return *server_; }
  // Whether a new connection would come about in the same way.
  bool is_as_to(const Server& server) const { return tls_ == server.tls; }

  // One deadline at a time, for whatever the user waits for.
  void start_deadline(Duration delay) { deadline_.start(delay); }
  void stop_deadline() { deadline_.stop(); }

 private:
  std::shared_ptr<ServerState> server_;
  std::shared_ptr<const PoolTls> tls_;
  UpstreamUser* user_;
  std::unique_ptr<ClientConnection> http_;
  Timer deadline_;
};

}  // namespace tealgate
