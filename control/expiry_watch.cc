#include "control/expiry_watch.h"

#include <algorithm>
#include <utility>

namespace tealgate {

ExpiryWatch::Stage ExpiryWatch::stage_of(const TlsCertificate& certificate,
                                         TlsCertificate::Time now) {
  if (certificate.has_expired(now)) return Stage::HasExpired;
  return now >= certificate.renewal_due() ? Stage::EndsSoon : Stage::Fine;
}

std::vector<ExpiryWatch::Notice> ExpiryWatch::on_look(const Certificates& in_use,
                                                      TlsCertificate::Time now) {
  std::vector<Notice> notices;
  std::map<std::string, Stage> told;
  for (const auto& certificate : in_use) {
    const std::string key = certificate->files().cert + " " + certificate->serial();
    const Stage stage = stage_of(*certificate, now);
    const auto before = told_.find(key);
    // A clock that goes back does not take back what was said.
    const Stage said = before == told_.end() ? Stage::Fine : before->second;
    const bool is_new = told.emplace(key, std::max(said, stage)).second;
    if (is_new && stage > said) notices.push_back({certificate, stage});
  }
  told_ = std::move(told);
  return notices;
}

}  // namespace tealgate
