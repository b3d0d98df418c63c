#include "control/cli/render_certificates.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "control/cli/printable.h"

namespace tealgate::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr const char* kRed = "31";
constexpr const char* kYellow = "33";

std::string painted(const std::string& text, const char* code, const Look& look) {
  return look.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

std::string certificate_line(const json& certificate, const Look& look) {
  std::string names;
  for (const json& name : certificate.value("names", json::array()))
    names += (names.empty() ? "" : ", ") + printable(name.get<std::string>());
  if (names.empty()) names = printable(certificate.value("file", ""));
  const std::string until = render_time(certificate.value("valid_until", ""), look.now);
  const std::string state = certificate.value("state", "");
  if (state == "expired")
    return fmt::format("certificate {}  {}\n", names,
                       painted("EXPIRED since " + until, kRed, look));
  const std::string left =
      fmt::format("until {} ({} days)", until, certificate.value("days_left", 0));
  return fmt::format("certificate {}  {}\n", names,
                     state == "ends_soon" ? painted(left + ", renew it", kYellow, look) : left);
}

}  // namespace

std::string render_certificates(const json& status, const Look& look) {
  std::string text;
  for (const json& certificate : status.value("certificates", json::array()))
    text += certificate_line(certificate, look);
  for (const json& fault : status.value("tls_faults", json::array()))
    text += painted(fmt::format("not taken over: {}", printable(fault.value("message", ""))), kRed,
                    look) +
            "\n";
  return text;
}

}  // namespace tealgate::cli
