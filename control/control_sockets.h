// All control sockets of the daemon: bound at the start or taken over from the daemon before,
// changed by a reload, handed over by an upgrade.
//
// Owned by the daemon, on the control loop; it must end before the Api.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/inheritance.h"
#include "control/control_socket.h"

namespace tealgate {

class ControlSockets {
 public:
  explicit ControlSockets(Loop& loop);
  ~ControlSockets();

  // Binds each, or takes it out of `inheritance` (null: there is none); an empty list stands for
  // the usual one. Nobody is answered before start(). The error says which, and why not.
  Result<void> bind(const std::vector<ControlSocketConfig>& wanted, Inheritance* inheritance);
  void start(Api& api);

  // For a reload: binds what is new, and anew what has lost its file. The call of what is returned
  // makes it so and closes what is not wanted any more, once its clients are answered; without it
  // nothing changes.
  Result<std::function<void()>> prepare(const std::vector<ControlSocketConfig>& wanted);

  bool has_clients() const;
  // For another process: of the kind "control", named by their paths.
  std::vector<HandedDescriptor> duplicates() const;
  // After give_away(): what `inheritance` has of them, as `wanted` says now.
  Result<void> take_back(Inheritance& inheritance, const std::vector<ControlSocketConfig>& wanted);
  // As ControlSocket's, for each.
  void pause();
  void go_on();
  void give_away();

 private:
  struct Bound;
  struct Change;
  static Result<std::vector<ControlSocketConfig>> completed(
      const std::vector<ControlSocketConfig>& wanted);
  ControlSocket* find(std::string_view path) const;
  void apply(Change& change);

  Loop& loop_;
  Api* api_ = nullptr;
  std::vector<Bound> bound_;  // before start()
  std::vector<std::unique_ptr<ControlSocket>> sockets_;
  std::vector<std::unique_ptr<ControlSocket>> leaving_;  // closed; their clients are being answered
};

}  // namespace tealgate
