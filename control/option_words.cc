// How options are told to people.
#include <fmt/format.h>

#include "control/options.h"

namespace tealgate {
namespace {

using T = OptionType;

std::string code(std::string_view text) {
  if (text.empty() || text.front() == '(') return std::string(text);
  return fmt::format("`{}`", text);
}

}  // namespace

std::string_view to_string(OptionType type) {
  switch (type) {
    case T::Number:
      return "number";
    case T::NumberOrAuto:
      return "`auto` or number";
    case T::Flag:
      return "`true` or `false`";
    case T::TimeSpan:
      return "duration";
    case T::Size:
      return "size";
    case T::Percent:
      return "percentage";
    case T::Text:
      return "text";
    case T::Method:
      return "method";
    case T::Address:
      return "address";
    case T::AddressList:
      return "addresses";
    case T::BlockList:
      return "CIDR blocks";
    case T::HostList:
      return "names";
    case T::PathList:
      return "path prefixes";
    case T::RetryCauses:
      return "`none`, `timeout` or statuses";
    case T::RepeatRule:
      return "`never`, `keyed` or `always`";
    case T::ProtocolList:
      return "`none` or protocols";
    case T::FilePath:
      return "absolute path";
    case T::AccessLog:
      return "absolute path, `stdout` or `off`";
    case T::LogFormat:
      return "`json` or `combined`";
    case T::HttpUrl:
      return "URL";
    case T::LabelMap:
      return "map of texts";
    case T::StatusList:
      return "statuses";
    case T::HealthCheck:
      return "health check";
    case T::PoolMap:
      return "map of pools";
    case T::ServiceMap:
      return "map of services";
    case T::SettingsMap:
      return "map of settings";
    case T::SplitWords:
      return "split";
    case T::FieldMap:
      return "map of fields";
    case T::NameList:
      return "names";
    case T::CorsTerms:
      return "`passthrough` or map";
    case T::OriginList:
      return "origins";
    case T::PageMap:
      return "map of files";
    case T::CertificateList:
      return "list of maps";
    case T::TlsVersionName:
      return "`1.2` or `1.3`";
    case T::ClientProof:
      return "`none`, `optional` or `required`";
    case T::ServerList:
      return "addresses";
    case T::ServerTls:
      return "`true`, `false` or map";
    case T::RedirectTarget:
      return "`https` or `https:PORT`";
    case T::SocketList:
      return "absolute path or maps";
    case T::DashboardTerms:
      return "address or map";
    case T::TokenList:
      return "list of maps";
    case T::TokenHash:
      return "64 hex digits";
    case T::RoleName:
      return "`viewer`, `deployer` or `admin`";
  }
  return "";
}

std::string reference_row(const Option& option) {
  std::string type(to_string(option.type));
  if (!option.lowest.empty()) {
    type += option.lowest == option.highest ? fmt::format(" {}", option.lowest)
                                            : fmt::format(" {}–{}", option.lowest, option.highest);
  }
  return fmt::format("| `{}` | {} | {} | {}{} |", option.key, type, code(option.default_text),
                     option.meaning, option.needs_restart ? " Restart." : "");
}

}  // namespace tealgate
