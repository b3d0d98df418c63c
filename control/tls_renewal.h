// Reads the files of all TLS settings in use anew, and makes of them what takes their place.
//
// A file that cannot be used changes nothing but the fault that is told of it: whatever it should
// have replaced stays.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/tls_certificate.h"
#include "control/config.h"
#include "control/config_surroundings.h"

namespace tealgate {

// What a config uses; shares all with it.
struct TlsInUse {
  std::vector<std::shared_ptr<const TlsServerSettings>> listeners;
  std::vector<std::shared_ptr<const TlsClientSettings>> pools;

  static TlsInUse of(const Config& config);
  // Each once.
  std::vector<std::string> files() const;
  std::vector<std::shared_ptr<const TlsCertificate>> certificates() const;
  // The very same objects.
  bool operator==(const TlsInUse&) const = default;
};

struct TlsFault {
  std::string file;
  std::string message;  // a sentence
  bool operator==(const TlsFault&) const = default;
};

struct TlsRenewal {
  TlsInUse in_use;  // that it was made for; of use to no other
  // Those that came out otherwise, by what they replace.
  std::map<std::shared_ptr<const TlsServerSettings>, std::shared_ptr<const TlsServerSettings>>
      listeners;
  std::map<std::shared_ptr<const TlsClientSettings>, std::shared_ptr<const TlsClientSettings>>
      pools;
  std::vector<std::string> renewed;  // files with a new content
  std::vector<TlsFault> faults;
  std::vector<TlsFault> warnings;  // of what is taken over all the same

  bool changes_anything() const { return !listeners.empty() || !pools.empty(); }
};

// Blocks.
TlsRenewal renew(const TlsInUse& in_use, const ConfigSurroundings& surroundings,
                 TlsCertificate::Time now);

}  // namespace tealgate
