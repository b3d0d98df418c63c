#include "control/headers_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/field_list.h"
#include "http/field_name.h"
#include "http/target.h"

namespace tealgate {
namespace {

using Change = HeaderRules::Change;
using WhichSide = HeaderRules::Side;

// A line that any server takes: Tomcat's whole head may have 8 KiB.
constexpr std::size_t kLongestValue = 4096;

std::string folded(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    if (c == '_') return '-';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return lower;
}

bool has(const HeaderTexts::Fields& fields, std::string_view name) {
  return std::ranges::any_of(
      fields, [&](const auto& field) { return folded(field.first) == folded(name); });
}

void drop(HeaderTexts::Fields& fields, std::string_view name) {
  std::erase_if(fields, [&](const auto& field) { return folded(field.first) == folded(name); });
}

// One of `headers.request` and `headers.response`.
class SideReader {
 public:
  SideReader(NodeReader& reader, WhichSide which, HeaderTexts::Side inherited)
      : reader_(reader),
        which_(which),
        label_(which == WhichSide::Request ? "headers.request" : "headers.response"),
        side_(std::move(inherited)) {}

  HeaderTexts::Side read(const ConfigNode& map, OptionContext context) {
    if (!reader_.is_map(map, label_)) return std::move(side_);
    reader_.check_keys(map, context, label_ + ".");
    if (const ConfigEntry* set = map.find("set")) side_.set = fields(set->value, Change::Set);
    if (const ConfigEntry* add = map.find("add")) side_.add = fields(add->value, Change::Add);
    if (const ConfigEntry* remove = map.find("remove")) read_remove(map, remove->value);
    return std::move(side_);
  }

 private:
  HeaderTexts::Fields fields(const ConfigNode& map, Change change) {
    HeaderTexts::Fields read;
    const std::string label = label_ + (change == Change::Set ? ".set" : ".add");
    if (!reader_.is_map(map, label)) return read;
    for (const ConfigEntry& entry : map.entries) {
      if (entry.is_bad_key || entry.is_repeated) continue;
      const std::string_view why = HeaderRules::why_not(which_, change, entry.key);
      if (!why.empty() || has(read, entry.key)) {
        reader_.findings().error(entry.at,
                                 fmt::format("{}: \"{}\" {}", label, entry.key,
                                             why.empty() ? "is in the map twice" : why),
                                 hint_for(entry.key));
        continue;
      }
      read.emplace_back(entry.key, values(entry, label));
    }
    return read;
  }

  std::vector<std::string> values(const ConfigEntry& entry, const std::string& label) {
    std::vector<std::string> read;
    const std::string full = fmt::format("{}.{}", label, entry.key);
    const bool is_host = which_ == WhichSide::Request && folds_to(entry.key, "host");
    for (const ConfigNode* node : reader_.scalars(entry.value, full)) {
      const std::string_view value = trimmed(node->text);
      if (!is_plain_field_value(value)) {
        reader_.reject(*node, full, {"has a control character", ""});
      } else if (value.size() > kLongestValue) {
        reader_.reject(*node, full, {"is longer than 4096 bytes", ""});
      } else if (is_host && (!is_authority(value) || !read.empty())) {
        reader_.reject(*node, full, {"is not one host name, with or without a port", ""});
      } else {
        read.emplace_back(value);
      }
    }
    return read;
  }

  void read_remove(const ConfigNode& map, const ConfigNode& node) {
    const std::string label = label_ + ".remove";
    side_.remove.clear();
    for (const ConfigNode* item : reader_.scalars(node, label)) {
      const std::string_view why = HeaderRules::why_not(which_, Change::Remove, item->text);
      if (!why.empty()) {
        reader_.reject(*item, label, {std::string(why), hint_for(item->text)});
      } else if (is_given(map, "set", item->text) || is_given(map, "add", item->text)) {
        reader_.reject(*item, label, {"is also set or added", "set alone replaces the field"});
      } else {
        // A service takes away what `defaults` put in.
        drop(side_.set, item->text);
        drop(side_.add, item->text);
        side_.remove.push_back(item->text);
      }
    }
  }

  // Whether this very map has the field below `key`.
  bool is_given(const ConfigNode& map, std::string_view key, std::string_view name) const {
    if (!map.find(key)) return false;
    return has(key == "set" ? side_.set : side_.add, name);
  }

  std::string hint_for(std::string_view name) const {
    const bool is_request = which_ == WhichSide::Request;
    if (is_request && folds_to(name, "forwarded")) return "headers.forwarded: true sends it";
    if (folds_to(name, "upgrade") || folds_to(name, "connection"))
      return "it is passed on where a tunnel is opened, and nowhere else";
    if (is_request && folds_to(name, "x-forwarded-for"))
      return "trusted_proxies says whose X-Forwarded-For is believed";
    return "";
  }

  NodeReader& reader_;
  WhichSide which_;
  std::string label_;
  HeaderTexts::Side side_;
};

HeaderRules compiled(const HeaderTexts::Side& side) {
  HeaderRules rules;
  for (const std::string& name : side.remove) rules.remove(name);
  for (const auto& [name, values] : side.set) rules.set(name, values);
  for (const auto& [name, values] : side.add) {
    for (const std::string& value : values) rules.add(name, value);
  }
  return rules;
}

}  // namespace

HeaderTexts read_headers(NodeReader& reader, const ConfigNode& map, OptionContext context,
                         HeaderTexts inherited) {
  if (!reader.is_map(map, "headers")) return inherited;
  reader.check_keys(map, context, "headers.");
  if (const ConfigEntry* request = map.find("request")) {
    inherited.request = SideReader(reader, WhichSide::Request, std::move(inherited.request))
                            .read(request->value, context);
  }
  if (const ConfigEntry* response = map.find("response")) {
    inherited.response = SideReader(reader, WhichSide::Response, std::move(inherited.response))
                             .read(response->value, context);
  }
  if (const ConfigEntry* forwarded = map.find("forwarded")) {
    inherited.forwarded =
        reader.flag(forwarded->value, "headers.forwarded").value_or(inherited.forwarded);
  }
  return inherited;
}

HeaderSettings compile_headers(const HeaderTexts& texts) {
  return {.request = compiled(texts.request),
          .response = compiled(texts.response),
          .forwarded = texts.forwarded};
}

}  // namespace tealgate
