// Says once that a certificate ends soon, and once that it has ended. Pure.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/tls_certificate.h"

namespace tealgate {

class ExpiryWatch {
 public:
  enum class Stage : std::uint8_t { Fine, EndsSoon, HasExpired };
  static Stage stage_of(const TlsCertificate& certificate, TlsCertificate::Time now);

  struct Notice {
    std::shared_ptr<const TlsCertificate> certificate;
    Stage stage;
  };
  using Certificates = std::vector<std::shared_ptr<const TlsCertificate>>;
  // `in_use`: all of them, each time. What has to be said now.
  std::vector<Notice> on_look(const Certificates& in_use, TlsCertificate::Time now);

 private:
  std::map<std::string, Stage> told_;  // by file and serial number
};

}  // namespace tealgate
