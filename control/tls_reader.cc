#include "control/tls_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/clock.h"

namespace tealgate {
namespace {

constexpr OptionContext kContext = OptionContext::Listener;

void check_validity(NodeReader& reader, const ConfigNode& node, const TlsCertificate& certificate) {
  const auto now = std::chrono::system_clock::now();
  const std::string& file = certificate.files().cert;
  const std::string until = format_wall_time(certificate.valid_until());
  if (certificate.has_expired(now)) {
    const std::string what = fmt::format("the certificate in {} has expired at {}", file, until);
    const std::string hint = "nobody would believe it: renew it";
    if (reader.surroundings().takes_expired) return reader.findings().warn(node.at, what, hint);
    return reader.findings().error(node.at, what, hint);
  }
  if (now >= certificate.renewal_due())
    reader.findings().warn(node.at, fmt::format("the certificate in {} expires at {}", file, until),
                           "renew it");
  if (now < certificate.valid_from())
    reader.findings().warn(node.at, fmt::format("the certificate in {} is not valid yet", file),
                           "is this machine's clock right?");
}

class TlsReader {
 public:
  explicit TlsReader(NodeReader& reader) : reader_(reader) {}

  std::shared_ptr<const TlsServerSettings> read(const ConfigNode& map) {
    if (!reader_.is_map(map, "tls")) return nullptr;
    const std::vector<std::string> meant = reader_.check_keys(map, kContext, "tls.");
    const std::size_t errors = reader_.findings().errors();
    if (map.find("cert") || map.find("key")) read_one(map, "tls.");
    for (const ConfigEntry& entry : map.entries) {
      if (!entry.is_bad_key && !entry.is_repeated) read_key(entry);
    }
    check_client_ca(map);
    const bool is_whole = meant.empty() && errors == reader_.findings().errors();
    if (!is_whole || map.is_incomplete) return nullptr;
    if (settings_.certificates.empty()) {
      reader_.findings().error(map.at, "tls has no certificate", "add cert: and key:");
      return nullptr;
    }
    return tried(map);
  }

 private:
  void read_key(const ConfigEntry& entry) {
    if (entry.key == "certificates") return read_certificates(entry.value);
    if (entry.key == "min_version") return read_version(entry.value);
    if (entry.key == "client_certificates") return read_client_certificates(entry.value);
    if (entry.key == "client_ca") {
      if (const auto path = read_path(reader_, entry.value, "tls.client_ca")) {
        settings_.client_ca_file = *path;
        settings_.client_ca = content(entry.value, "tls.client_ca", *path).value_or("");
      }
    }
    if (entry.key == "ciphers")
      settings_.ciphers = reader_.text(entry.value, "tls.ciphers").value_or("");
  }

  void read_certificates(const ConfigNode& list) {
    if (list.is_bad) return;
    if (!list.is_list() || list.items.empty()) {
      if (list.is_incomplete) return;
      return reader_.findings().error(list.at, "tls.certificates must be a list of maps",
                                      "write - {cert: FILE, key: FILE}");
    }
    for (const ConfigNode& item : list.items) {
      if (!reader_.is_map(item, "tls.certificates")) continue;
      check_certificate_keys(item);
      read_one(item, "tls.certificates.");
    }
  }

  // Of an entry of `certificates`: those of `tls` that are a certificate's.
  void check_certificate_keys(const ConfigNode& map) {
    for (const ConfigEntry& entry : map.entries) {
      const bool is_known = entry.key == "cert" || entry.key == "key" || entry.key == "ocsp";
      if (entry.is_bad_key || is_known) continue;
      reader_.findings().error(entry.at,
                               fmt::format("unknown key \"tls.certificates.{}\"", entry.key),
                               "a certificate has cert, key and ocsp");
    }
  }

  void read_one(const ConfigNode& map, std::string_view prefix) {
    auto certificate = read_certificate(reader_, map, prefix);
    if (!certificate) return;
    const ConfigNode& at = map.find("cert")->value;
    if (certificate->names().empty())
      reader_.findings().warn(
          at.at, fmt::format("the certificate in {} names no host", certificate->files().cert),
          "browsers ask for a subjectAltName");
    const std::string unstapled = certificate->staple_fault(std::chrono::system_clock::now());
    if (!unstapled.empty()) reader_.findings().warn(at.at, unstapled, "it is not stapled");
    check_rival(at, *certificate);
    settings_.certificates.push_back(std::move(certificate));
  }

  // Two for one name and kind of key: which one did they mean?
  void check_rival(const ConfigNode& node, const TlsCertificate& certificate) {
    for (const auto& other : settings_.certificates) {
      if (const std::string rivalry = rivalry_of(certificate, *other); !rivalry.empty()) {
        return reader_.findings().error(
            node.at, rivalry,
            "leave one out; an RSA and an ECDSA certificate may stand side by side");
      }
    }
  }

  void read_version(const ConfigNode& node) {
    const auto text = reader_.text(node, "tls.min_version");
    if (!text) return;
    if (*text == "1.3") {
      settings_.oldest = TlsVersion::Tls13;
    } else if (*text != "1.2") {
      reader_.reject(node, "tls.min_version", {"is neither 1.2 nor 1.3", "older ones are broken"});
    }
  }

  void read_client_certificates(const ConfigNode& node) {
    const auto text = reader_.text(node, "tls.client_certificates");
    if (!text || *text == "none") return;
    if (*text == "optional") {
      settings_.client_certificates = ClientCertificates::Optional;
    } else if (*text == "required") {
      settings_.client_certificates = ClientCertificates::Required;
    } else {
      reader_.reject(node, "tls.client_certificates",
                     {"is neither none, optional nor required", ""});
    }
  }

  void check_client_ca(const ConfigNode& map) {
    const bool is_asked = settings_.client_certificates != ClientCertificates::NotAsked;
    const ConfigEntry* const word = map.find("client_certificates");
    const bool is_wrong_word = word && !is_asked && word->value.text != "none";
    if (is_wrong_word || is_asked == (map.find("client_ca") != nullptr)) return;
    if (is_asked)
      return reader_.findings().error(word->at, "tls.client_certificates needs tls.client_ca",
                                      "name the file of those who sign them");
    reader_.findings().error(map.find("client_ca")->at,
                             "tls.client_ca without tls.client_certificates asks for none",
                             "add client_certificates: required, or optional");
  }

  std::optional<std::string> content(const ConfigNode& node, std::string_view label,
                                     const std::string& path) {
    Result<std::string> text = reader_.surroundings().content(path, kLargestPem);
    if (text) return *std::move(text);
    reader_.reject(node, label, {text.error().message, ""});
    return std::nullopt;
  }

  // Whether OpenSSL takes it all.
  std::shared_ptr<const TlsServerSettings> tried(const ConfigNode& map) {
    const auto context = TlsServerContext::make(settings_, std::make_shared<TlsTicketKeys>());
    if (!context) {
      reader_.findings().error(map.at, fmt::format("tls: {}", context.error().message));
      return nullptr;
    }
    return std::make_shared<const TlsServerSettings>(std::move(settings_));
  }

  NodeReader& reader_;
  TlsServerSettings settings_;
};

}  // namespace

std::string rivalry_of(const TlsCertificate& one, const TlsCertificate& other) {
  if (one.key_kind() != other.key_kind()) return {};
  for (const std::string& name : one.names()) {
    if (std::ranges::find(other.names(), name) == other.names().end()) continue;
    return fmt::format("{} and {} are both for {} with the same kind of key", one.files().cert,
                       other.files().cert, name);
  }
  return {};
}

std::shared_ptr<const TlsServerSettings> read_tls(NodeReader& reader, const ConfigNode& map) {
  return TlsReader(reader).read(map);
}

std::shared_ptr<const TlsCertificate> read_certificate(NodeReader& reader, const ConfigNode& map,
                                                       std::string_view prefix) {
  TlsCertificate::Files files;
  const auto read_into = [&](std::string_view key, std::string& path) {
    const ConfigEntry* const entry = map.find(key);
    if (!entry) return true;
    const auto text = read_path(reader, entry->value, fmt::format("{}{}", prefix, key));
    path = text.value_or("");
    return text.has_value();
  };
  const bool are_read =
      read_into("cert", files.cert) & read_into("key", files.key) & read_into("ocsp", files.ocsp);
  if (!are_read || map.is_incomplete) return nullptr;
  for (const auto& [path, key] : {std::pair(&files.cert, "cert"), std::pair(&files.key, "key")}) {
    if (!path->empty()) continue;
    reader.findings().error(map.at, fmt::format("{}{} is missing", prefix, key),
                            "a certificate needs both cert and key");
    return nullptr;
  }
  auto certificate = load_certificate(files, reader.surroundings());
  const ConfigNode& at = map.find("cert")->value;
  if (!certificate) {
    reader.findings().error(at.at, certificate.error().message);
    return nullptr;
  }
  check_validity(reader, at, **certificate);
  return *std::move(certificate);
}

std::optional<std::string> read_path(NodeReader& reader, const ConfigNode& node,
                                     std::string_view label) {
  std::optional<std::string> path = reader.text(node, label);
  if (!path || path->starts_with('/')) return path;
  reader.reject(node, label, {"is not an absolute path", "begin it with /"});
  return std::nullopt;
}

Result<std::shared_ptr<const TlsCertificate>> load_certificate(
    const TlsCertificate::Files& files, const ConfigSurroundings& surroundings) {
  TlsCertificate::Texts texts;
  for (const auto& [path, text] :
       {std::pair(&files.cert, &texts.cert), std::pair(&files.key, &texts.key),
        std::pair(&files.ocsp, &texts.ocsp)}) {
    if (path->empty()) continue;
    Result<std::string> read = surroundings.content(*path, kLargestPem);
    if (!read) return error("{} {}", *path, read.error().message);
    *text = *std::move(read);
  }
  return TlsCertificate::parse(files, texts);
}

}  // namespace tealgate
