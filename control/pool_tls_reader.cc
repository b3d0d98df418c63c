#include "control/pool_tls_reader.h"

#include <fmt/ranges.h>

#include <optional>
#include <utility>
#include <vector>

#include "control/tls_reader.h"

namespace tealgate {
namespace {

constexpr std::size_t kLargestAuthorities = std::size_t{1024} * 1024;  // the system's are 220 KiB

class PoolTlsReader {
 public:
  explicit PoolTlsReader(NodeReader& reader) : reader_(reader) {}

  std::shared_ptr<const TlsClientSettings> read(const ConfigNode& node) {
    const std::size_t errors = reader_.findings().errors();
    const bool is_wanted =
        node.is_scalar() ? reader_.flag(node, "tls").value_or(false) : read_map(node);
    if (is_wanted && verifies_ && settings_.ca_file.empty()) read_system_authorities(node);
    if (!is_wanted || errors != reader_.findings().errors()) return nullptr;
    return std::make_shared<const TlsClientSettings>(std::move(settings_));
  }

 private:
  bool read_map(const ConfigNode& map) {
    if (!reader_.is_map(map, "tls")) return false;
    reader_.check_keys(map, OptionContext::Pool, "tls.");
    if (const ConfigEntry* verify = map.find("verify"))
      verifies_ = reader_.flag(verify->value, "tls.verify").value_or(true);
    if (const ConfigEntry* ca = map.find("ca")) read_authorities(*ca);
    if (const ConfigEntry* name = map.find("name")) read_name(name->value);
    if (map.find("cert") || map.find("key")) {
      if (auto certificate = read_certificate(reader_, map, "tls."))
        settings_.certificate = std::move(certificate);
    }
    return !map.is_incomplete;
  }

  void read_authorities(const ConfigEntry& entry) {
    if (!verifies_)
      return reader_.findings().error(entry.at, "tls.ca with tls.verify: false is never asked",
                                      "leave one of them out");
    const std::optional<std::string> path = read_path(reader_, entry.value, "tls.ca");
    if (!path) return;
    settings_.ca_file = *path;
    auto loaded = load_authorities(*path, reader_.surroundings());
    if (!loaded)
      return reader_.findings().error(entry.value.at,
                                      fmt::format("tls.ca: {}", loaded.error().message));
    settings_.authorities = std::move(*loaded);
  }

  void read_system_authorities(const ConfigNode& node) {
    const std::vector<std::string> files = TlsAuthorities::system_files();
    for (const std::string& file : files) {
      auto loaded = load_authorities(file, reader_.surroundings());
      if (!loaded) continue;
      settings_.ca_file = file;
      settings_.authorities = std::move(*loaded);
      return;
    }
    reader_.findings().error(
        node.at,
        fmt::format("this system names no certificate authorities: {} cannot be read", files[0]),
        "install ca-certificates, or name who signed the servers' certificates: tls: {ca: FILE}");
  }

  void read_name(const ConfigNode& node) {
    const std::optional<std::string> name = reader_.text(node, "tls.name");
    if (!name) return;
    // OpenSSL reads a leading dot as "any name below".
    const bool is_host =
        !name->starts_with('.') && name->find_first_of(" /*@[]") == std::string::npos;
    if (!is_host)
      return reader_.reject(node, "tls.name", {"is not a host name or an IP address", ""});
    settings_.name = *name;
  }

  NodeReader& reader_;
  TlsClientSettings settings_;
  bool verifies_ = true;
};

}  // namespace

std::shared_ptr<const TlsClientSettings> read_pool_tls(NodeReader& reader, const ConfigNode& node) {
  if (node.is_bad) return nullptr;
  return PoolTlsReader(reader).read(node);
}

Result<std::shared_ptr<const TlsAuthorities>> load_authorities(
    const std::string& file, const ConfigSurroundings& surroundings) {
  Result<std::string> text = surroundings.content(file, kLargestAuthorities);
  if (!text) return error("{} {}", file, text.error().message);
  auto parsed = TlsAuthorities::parse(*std::move(text));
  if (!parsed) return error("{} {}", file, parsed.error().message);
  return parsed;
}

}  // namespace tealgate
