#include "control/control_sockets.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "control/locations.h"

namespace tealgate {

// A socket that nobody is answered on. It leaves no file behind, unless another process has it.
struct ControlSockets::Bound {
  enum class Origin : std::uint8_t { Own, Inherited };

  Bound(ControlSocketConfig of, UniqueFd on, Origin from)
      : settings(std::move(of)), fd(std::move(on)), origin(from) {}
  Bound(Bound&&) = default;
  Bound& operator=(Bound&&) = default;
  ~Bound() {
    if (fd.is_open() && origin == Origin::Own) ::unlink(settings.path.c_str());
  }

  ControlSocketConfig settings;
  UniqueFd fd;
  Origin origin;
};

struct ControlSockets::Change {
  std::vector<ControlSocketConfig> wanted;
  std::vector<Bound> fresh;
};

ControlSockets::ControlSockets(Loop& loop) : loop_(loop) {}
ControlSockets::~ControlSockets() = default;

Result<std::vector<ControlSocketConfig>> ControlSockets::completed(
    const std::vector<ControlSocketConfig>& wanted) {
  if (!wanted.empty()) return wanted;
  return default_control_socket().map([](const std::string& path) {
    ControlSocketConfig usual;
    usual.path = path;
    return std::vector<ControlSocketConfig>{usual};
  });
}

Result<void> ControlSockets::bind(const std::vector<ControlSocketConfig>& wanted,
                                  Inheritance* inheritance) {
  const auto all = completed(wanted);
  if (!all) return tl::make_unexpected(all.error());
  for (const ControlSocketConfig& settings : *all) {
    std::vector<UniqueFd> handed;
    if (inheritance) handed = inheritance->take("control", settings.path);
    if (!handed.empty()) {
      if (const std::string why = group_obstacle(settings); !why.empty()) return error("{}", why);
      bound_.emplace_back(settings, std::move(handed.front()), Bound::Origin::Inherited);
      continue;
    }
    Result<UniqueFd> fd = ControlSocket::listen(settings);
    if (!fd) return tl::make_unexpected(fd.error());
    bound_.emplace_back(settings, std::move(*fd), Bound::Origin::Own);
  }
  return {};
}

void ControlSockets::start(Api& api) {
  api_ = &api;
  for (Bound& bound : bound_) {
    sockets_.push_back(ControlSocket::adopt(loop_, std::move(bound.fd), bound.settings, *api_));
    // The daemon before may have had another group for it.
    if (bound.origin == Bound::Origin::Inherited) sockets_.back()->settle_file();
  }
  bound_.clear();
}

Result<std::function<void()>> ControlSockets::prepare(
    const std::vector<ControlSocketConfig>& wanted) {
  auto all = completed(wanted);
  if (!all) return tl::make_unexpected(all.error());
  auto change = std::make_shared<Change>();
  for (const ControlSocketConfig& settings : *all) {
    const ControlSocket* known = find(settings.path);
    if (known != nullptr && known->has_file()) {
      if (const std::string why = group_obstacle(settings); !why.empty()) return error("{}", why);
      continue;
    }
    Result<UniqueFd> fd = ControlSocket::listen(settings);
    if (!fd) return tl::make_unexpected(fd.error());
    change->fresh.emplace_back(settings, std::move(*fd), Bound::Origin::Own);
  }
  change->wanted = std::move(*all);
  return [this, change] { apply(*change); };
}

void ControlSockets::apply(Change& change) {
  std::erase_if(leaving_, [](const auto& socket) { return !socket->has_clients(); });
  for (auto& socket : sockets_) {
    const auto wanted =
        std::ranges::find(change.wanted, socket->path(), &ControlSocketConfig::path);
    const bool is_replaced = std::ranges::any_of(
        change.fresh, [&](const Bound& fresh) { return fresh.settings.path == socket->path(); });
    if (wanted != change.wanted.end() && !is_replaced) {
      socket->change(*wanted);
    } else {
      socket->close();
      leaving_.push_back(std::move(socket));
    }
  }
  std::erase(sockets_, nullptr);
  for (Bound& bound : change.fresh) {
    sockets_.push_back(ControlSocket::adopt(loop_, std::move(bound.fd), bound.settings, *api_));
  }
  change.fresh.clear();
}

ControlSocket* ControlSockets::find(std::string_view path) const {
  const auto found =
      std::ranges::find_if(sockets_, [&](const auto& socket) { return socket->path() == path; });
  return found == sockets_.end() ? nullptr : found->get();
}

bool ControlSockets::has_clients() const {
  const auto has_some = [](const auto& socket) { return socket->has_clients(); };
  return std::ranges::any_of(sockets_, has_some) || std::ranges::any_of(leaving_, has_some);
}

std::vector<HandedDescriptor> ControlSockets::duplicates() const {
  std::vector<HandedDescriptor> all;
  for (const auto& socket : sockets_) {
    all.push_back({"control", socket->path(), socket->duplicate()});
  }
  return all;
}

void ControlSockets::pause() {
  for (const auto& socket : sockets_) socket->pause();
}

void ControlSockets::go_on() {
  for (const auto& socket : sockets_) socket->go_on();
}

void ControlSockets::give_away() {
  for (const auto& socket : sockets_) socket->give_away();
}

Result<void> ControlSockets::take_back(Inheritance& inheritance,
                                       const std::vector<ControlSocketConfig>& wanted) {
  for (const auto& socket : sockets_) {
    std::vector<UniqueFd> handed = inheritance.take("control", socket->path());
    if (!handed.empty()) socket->take_back(std::move(handed.front()));
  }
  return prepare(wanted).map([](const std::function<void()>& use) { use(); });
}

}  // namespace tealgate
