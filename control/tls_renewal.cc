#include "control/tls_renewal.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "control/pool_tls_reader.h"
#include "control/tls_reader.h"
#include "control/wall_time.h"

namespace tealgate {
namespace {

using CertificatePtr = std::shared_ptr<const TlsCertificate>;

class Renewer {
 public:
  Renewer(const ConfigSurroundings& surroundings, TlsCertificate::Time now)
      : surroundings_(surroundings), now_(now) {}

  void add(const std::shared_ptr<const TlsServerSettings>& old) {
    TlsServerSettings next = *old;
    for (CertificatePtr& certificate : next.certificates) certificate = fitting(certificate, *old);
    part_rivals(next, *old);
    if (!next.client_ca_file.empty()) read_client_ca(next);
    if (next.is_same_as(*old)) return;
    for (std::size_t i = 0; i < next.certificates.size(); ++i) {
      if (next.certificates[i] != old->certificates[i]) tell_change(next, *old->certificates[i], i);
    }
    if (next.client_ca != old->client_ca) note(next.client_ca_file);
    renewal_.listeners[old] = std::make_shared<const TlsServerSettings>(std::move(next));
  }

  void add(const std::shared_ptr<const TlsClientSettings>& old) {
    TlsClientSettings next = *old;
    if (next.certificate) next.certificate = newer(next.certificate);
    if (next.certificate != old->certificate) note(next.certificate->files().cert);
    if (next.authorities) {
      auto read = load_authorities(next.ca_file, surroundings_);
      if (read) {
        next.authorities = std::move(*read);
      } else {
        fault(next.ca_file, read.error().message);
      }
    }
    if (next.is_same_as(*old)) return;
    if (next.authorities && next.authorities->pem() != old->authorities->pem()) note(next.ca_file);
    renewal_.pools[old] = std::make_shared<const TlsClientSettings>(std::move(next));
  }

  TlsRenewal result() && { return std::move(renewal_); }

 private:
  // The certificate that its files hold now, or `old`.
  CertificatePtr newer(const CertificatePtr& old) {
    const std::string& file = old->files().cert;
    auto read = load_certificate(old->files(), surroundings_);
    if (!read) {
      fault(file, read.error().message);
      return old;
    }
    if ((*read)->is_same_as(*old)) return old;
    if ((*read)->has_expired(now_)) {
      fault(file, fmt::format("the certificate in {} has expired at {}", file,
                              format_wall_time((*read)->valid_until())));
      return old;
    }
    if (now_ < (*read)->valid_from() && is_valid(*old)) {
      fault(file, fmt::format("the certificate in {} is not valid before {}", file,
                              format_wall_time((*read)->valid_from())));
      return old;
    }
    return *std::move(read);
  }

  bool is_valid(const TlsCertificate& certificate) const {
    return now_ >= certificate.valid_from() && !certificate.has_expired(now_);
  }

  // The same, if it fits the listener's terms (a cipher for its kind of key).
  CertificatePtr fitting(const CertificatePtr& old, const TlsServerSettings& listener) {
    CertificatePtr next = newer(old);
    if (next == old) return old;
    TlsServerSettings alone = listener;
    alone.certificates = {next};
    const auto made = TlsServerContext::make(alone, std::make_shared<TlsTicketKeys>());
    if (made) return next;
    fault(old->files().cert, made.error().message);
    return old;
  }

  // What a restart would refuse is not taken over: of two for one name the new one gives way. Its
  // predecessor may in turn be in the way of another new one.
  void part_rivals(TlsServerSettings& next, const TlsServerSettings& old) {
    for (std::size_t i = 0; i < next.certificates.size();) {
      const CertificatePtr& one = next.certificates[i];
      std::string rivalry;
      for (const CertificatePtr& other : next.certificates) {
        if (other != one && rivalry.empty()) rivalry = rivalry_of(*one, *other);
      }
      if (one == old.certificates[i] || rivalry.empty()) {
        ++i;
        continue;
      }
      fault(one->files().cert, rivalry);
      next.certificates[i] = old.certificates[i];
      i = 0;
    }
  }

  void read_client_ca(TlsServerSettings& next) {
    const Result<std::string> read = surroundings_.content(next.client_ca_file, kLargestPem);
    if (!read) return fault(next.client_ca_file, read.error().message);
    const auto parsed = TlsAuthorities::parse(*read);
    if (!parsed) return fault(next.client_ca_file, parsed.error().message);
    next.client_ca = *read;
  }

  // Of certificate `i` of a listener, and of what it no longer does.
  void tell_change(const TlsServerSettings& next, const TlsCertificate& old, std::size_t i) {
    const TlsCertificate& now = *next.certificates[i];
    const std::string& file = now.files().cert;
    note(file);
    std::vector<std::string> lost;
    for (const std::string& name : old.names()) {
      const auto fits = [&](const CertificatePtr& one) { return one->fits(name) > 0; };
      if (std::ranges::none_of(next.certificates, fits)) lost.push_back(name);
    }
    if (!lost.empty()) {
      warn(file, fmt::format("the new certificate in {} is no longer for {}", file,
                             fmt::join(lost, ", ")));
    }
    if (const std::string fault = now.staple_fault(now_); !fault.empty())
      warn(file, fmt::format("{}: it is not stapled", fault));
  }

  void warn(const std::string& file, std::string message) {
    const TlsFault one{file, std::move(message)};
    if (std::ranges::find(renewal_.warnings, one) == renewal_.warnings.end())
      renewal_.warnings.push_back(one);
  }

  void fault(const std::string& file, std::string message) {
    if (message.find(file) == std::string::npos) message = fmt::format("{} {}", file, message);
    const TlsFault one{file, std::move(message)};
    if (std::ranges::find(renewal_.faults, one) == renewal_.faults.end())
      renewal_.faults.push_back(one);
  }

  void note(const std::string& file) {
    if (std::ranges::find(renewal_.renewed, file) == renewal_.renewed.end())
      renewal_.renewed.push_back(file);
  }

  const ConfigSurroundings& surroundings_;
  const TlsCertificate::Time now_;
  TlsRenewal renewal_;
};

}  // namespace

TlsInUse TlsInUse::of(const Config& config) {
  TlsInUse in_use;
  for (const ListenerSettings& listener : config.listeners) {
    if (listener.tls) in_use.listeners.push_back(listener.tls);
  }
  for (const ServiceConfig& service : config.services) {
    for (const PoolConfig& pool : service.pools) {
      if (pool.tls) in_use.pools.push_back(pool.tls);
    }
  }
  return in_use;
}

std::vector<CertificatePtr> TlsInUse::certificates() const {
  std::vector<CertificatePtr> all;
  for (const auto& listener : listeners) {
    all.insert(all.end(), listener->certificates.begin(), listener->certificates.end());
  }
  for (const auto& pool : pools) {
    if (pool->certificate) all.push_back(pool->certificate);
  }
  return all;
}

std::vector<std::string> TlsInUse::files() const {
  std::set<std::string> files;
  for (const CertificatePtr& certificate : certificates()) {
    const TlsCertificate::Files& of = certificate->files();
    files.insert({of.cert, of.key, of.ocsp});
  }
  for (const auto& listener : listeners) files.insert(listener->client_ca_file);
  for (const auto& pool : pools) files.insert(pool->ca_file);
  files.erase("");
  return {files.begin(), files.end()};
}

TlsRenewal renew(const TlsInUse& in_use, const ConfigSurroundings& surroundings,
                 TlsCertificate::Time now) {
  Renewer renewer(surroundings, now);
  for (const auto& listener : in_use.listeners) renewer.add(listener);
  for (const auto& pool : in_use.pools) renewer.add(pool);
  TlsRenewal renewal = std::move(renewer).result();
  renewal.in_use = in_use;
  return renewal;
}

}  // namespace tealgate
