#include "http/upgrade.h"

#include "http/field_list.h"
#include "http/h1_writer.h"

namespace tealgate {

namespace {

std::string_view named_in(const std::vector<std::string>& allowed, std::string_view protocol) {
  for (const std::string& one : allowed) {
    if (equals_ignoring_case(one, protocol)) return one;
  }
  return {};
}

}  // namespace

std::string_view requested_upgrade(const RequestHead& head,
                                   const std::vector<std::string>& allowed) {
  if (allowed.empty() || !head.has_field("Upgrade")) return {};
  if (head.minor_version == 0 || head.framing.has_body() || head.is_head()) return {};
  if (!head.field_has_token("Connection", "upgrade")) return {};
  for (const Field& field : head.fields) {
    if (!field.is_named("Upgrade")) continue;
    std::string_view list = field.value;
    while (!list.empty()) {
      const std::string_view known = named_in(allowed, take_item(list));
      if (!known.empty()) return known;
    }
  }
  return {};
}

bool accepts_upgrade(const ResponseHead& head, std::string_view protocol) {
  unsigned lines = 0;
  bool fits = false;
  for (const Field& field : head.fields) {
    if (!field.is_named("Upgrade")) continue;
    ++lines;
    fits = equals_ignoring_case(field.value, protocol);
  }
  return lines == 1 && fits && head.field_has_token("Connection", "upgrade");
}

void append_upgrade(std::string& out, std::string_view protocol) {
  append_field(out, "Connection", "upgrade");
  append_field(out, "Upgrade", protocol);
}

}  // namespace tealgate
