// The Unix socket on which the command line, and nobody from the network, speaks the control API.
//
// It knows who is connected (SO_PEERCRED) and lets whoever may open the socket (0660) do what the
// config says for this one. A crowd on one socket takes no descriptors from the proxy's clients and
// no places from other sockets: it waits in the kernel's queue. Owned by ControlSockets, on the
// control loop; it must end before the Api.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/connection_budget.h"
#include "base/file_identity.h"
#include "base/listen_socket.h"
#include "base/result.h"
#include "base/timer.h"
#include "base/unique_fd.h"
#include "control/api.h"
#include "control/config.h"
#include "http/server_connection.h"

namespace tealgate {

class ControlSocket final : private ServerConnectionOwner {
 public:
  // Binds and listens. The error says why not: above all that a live daemon owns the path.
  static Result<std::unique_ptr<ControlSocket>> open(Loop& loop,
                                                     const ControlSocketConfig& settings, Api& api);
  // The two halves of it: nobody is answered before the second.
  static Result<UniqueFd> listen(const ControlSocketConfig& settings);
  static std::unique_ptr<ControlSocket> adopt(Loop& loop, UniqueFd fd,
                                              const ControlSocketConfig& settings, Api& api);

  // Removes the socket's file, unless it was given away; what is not answered yet is cut.
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  // Takes no new clients, and says goodbye to those connected after what they are being told. The
  // file goes at once.
  void close();
  bool has_clients() const { return !clients_.empty(); }
  const ControlSocketConfig& settings() const { return settings_; }
  const std::string& path() const { return settings_.path; }
  // False: its file was deleted, or is another one now. Then nobody can connect.
  bool has_file() const;

  // Other settings for the same path: for the next request of those connected, too, unless the
  // group is another one: then they have to connect again. If the group cannot be changed, nobody
  // but the owner can connect any more, and the log says so.
  void change(const ControlSocketConfig& settings);
  // Makes the file belong to whom the settings say.
  void settle_file();

  // Accepts nobody for a while: they queue.
  void pause();
  void go_on();
  // For another process.
  UniqueFd duplicate() const;
  // As close(), but another process listens on: the file stays.
  void give_away();
  // After give_away(): here again; has_file() tells whether clients can find it.
  void take_back(UniqueFd fd);

  static constexpr Duration kDepartureCheck = std::chrono::milliseconds(200);
  static constexpr std::uint64_t kMostClients = 64;

 private:
  struct Client;

  ControlSocket(Loop& loop, const ControlSocketConfig& settings, Api& api);
  void on_accept(UniqueFd fd, const SocketAddress& peer);
  void drop_departed();
  void free_place();
  void dismiss_clients();
  void on_connection_closed(ServerConnection& connection) override;

  Loop& loop_;
  ControlSocketConfig settings_;
  Api& api_;
  Access access_;
  ServerConnectionSettings connections_;
  ConnectionBudget places_;
  Timer departure_;
  std::unordered_map<ServerConnection*, std::unique_ptr<Client>> clients_;
  std::optional<FileIdentity> file_;
  UniqueFd listening_;  // a duplicate: while it pauses, the only one
  std::unique_ptr<ListenSocket> socket_;
};

// Why this process cannot give a file to the group of these settings; empty: it can.
std::string group_obstacle(const ControlSocketConfig& settings);

// Who is at the other end of a connected Unix socket; `by` is "uid N".
Caller caller_at(int fd);

}  // namespace tealgate
