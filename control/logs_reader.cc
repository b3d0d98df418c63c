#include "control/logs_reader.h"

#include "control/loki_reader.h"

namespace tealgate {
namespace {

class LogsReader {
 public:
  explicit LogsReader(NodeReader& reader) : reader_(reader) {}

  LogConfig read(const ConfigNode& map) {
    if (!reader_.is_map(map, "logs")) return {};
    reader_.check_keys(map, OptionContext::File, "logs.");
    if (const ConfigEntry* access = map.find("access")) read_access(access->value);
    if (const ConfigEntry* format = map.find("format")) read_format(format->value);
    if (const ConfigEntry* loki = map.find("loki")) read_loki_target(*loki);
    return std::move(logs_);
  }

 private:
  void read_access(const ConfigNode& node) {
    const std::optional<std::string> text = reader_.text(node, "logs.access");
    if (!text) return;
    if (*text != "stdout" && *text != "off" && !text->starts_with('/'))
      return reader_.reject(node, "logs.access",
                            {"is neither an absolute path, stdout nor off", ""});
    logs_.access = *text;
  }

  void read_format(const ConfigNode& node) {
    const std::optional<std::string> text = reader_.text(node, "logs.format");
    if (!text) return;
    if (*text != "json" && *text != "combined")
      return reader_.reject(node, "logs.format", {"is neither json nor combined", ""});
    logs_.format = *text == "json" ? AccessLogFormat::Json : AccessLogFormat::Combined;
  }

  // Its labels are fields, which the other format has not.
  void read_loki_target(const ConfigEntry& entry) {
    logs_.loki = read_loki(reader_, entry.value);
    if (logs_.format == AccessLogFormat::Json) return;
    reader_.findings().error(entry.at, "logs.loki needs logs.format: json",
                             "leave format out, or let Alloy read the file");
  }

  NodeReader& reader_;
  LogConfig logs_;
};

}  // namespace

LogConfig read_log_config(NodeReader& reader, const ConfigNode& map) {
  return LogsReader(reader).read(map);
}

}  // namespace tealgate
