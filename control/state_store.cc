#include "control/state_store.h"

#include <nlohmann/json.hpp>

#include "control/durable_file.h"
#include "control/wall_time.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

Json encode(const Split& split) {
  Json words = Json::array();
  for (const std::string& word : split.words()) words.push_back(word);
  return words;
}

Split decode_split(const Json& json) {
  Split split;
  for (const Json& item : json) {
    const auto word = item.get<std::string>();
    const std::size_t sign = word.find('=');
    Split::Entry entry{word.substr(0, sign), std::nullopt};
    if (sign != std::string::npos) {
      entry.percent = static_cast<unsigned>(std::stoul(word.substr(sign + 1)));
    }
    split.entries.push_back(std::move(entry));
  }
  if (split.entries.empty()) throw std::invalid_argument("a split without a pool");
  return split;
}

Json encode(const Decided& decided) {
  return {{"operation", decided.operation},
          {"by", decided.by},
          {"reason", decided.reason},
          {"label", decided.label},
          {"at", format_wall_time(decided.at)}};
}

WallTime decode_time(const Json& json) {
  const auto time = parse_wall_time(json.get<std::string>());
  if (!time) throw std::invalid_argument(time.error().message);
  return *time;
}

Decided decode_decided(const Json& json) {
  return {json.at("operation"), json.at("by"), json.at("reason"), json.at("label"),
          decode_time(json.at("at"))};
}

Json encode(const LockRecord& lock) {
  Json json = {{"token", lock.token},
               {"holder", lock.holder},
               {"reason", lock.reason},
               {"since", format_wall_time(lock.since)}};
  if (lock.expires_at) json["expires_at"] = format_wall_time(*lock.expires_at);
  return json;
}

LockRecord decode_lock(const Json& json) {
  LockRecord lock{json.at("token"),  json.at("holder"),
                  json.at("reason"), decode_time(json.at("since")),
                  std::nullopt,      false};
  if (json.contains("expires_at")) lock.expires_at = decode_time(json.at("expires_at"));
  return lock;
}

Json encode(const LastSwitch& last) {
  return {{"operation", last.operation}, {"revision", last.revision},
          {"from", encode(last.from)},   {"to", encode(last.to)},
          {"undone", last.undone},       {"undone_by", last.undone_by}};
}

LastSwitch decode_last_switch(const Json& json) {
  return {json.at("operation"),        json.at("revision"), decode_split(json.at("from")),
          decode_split(json.at("to")), json.at("undone"),   json.at("undone_by")};
}

AdminState decode_admin(const std::string& word) {
  if (word == "drain") return AdminState::Drain;
  if (word == "maint") return AdminState::Maint;
  throw std::invalid_argument("unknown server state " + word);
}

Json encode(const ServiceDecisions& service) {
  Json json;
  json["revision"] = service.revision;
  json["split"] = encode(service.split);
  json["decided"] = encode(service.decided);
  Json& servers = json["servers"] = Json::array();
  for (const auto& [name, state] : service.servers) {
    servers.push_back({{"pool", name.pool}, {"server", name.server}, {"state", to_string(state)}});
  }
  if (service.is_dormant) json["dormant"] = true;
  if (service.lock && !service.lock->held) json["lock"] = encode(*service.lock);
  if (service.last_switch) json["last_switch"] = encode(*service.last_switch);
  Json& past = json["past"] = Json::array();
  for (const RevisionRecord& record : service.past) {
    past.push_back({{"revision", record.revision},
                    {"split", encode(record.split)},
                    {"decided", encode(record.decided)}});
  }
  return json;
}

ServiceDecisions decode_service(const Json& json) {
  ServiceDecisions service;
  service.revision = json.at("revision");
  service.split = decode_split(json.at("split"));
  service.decided = decode_decided(json.at("decided"));
  for (const Json& server : json.at("servers")) {
    service.servers[{server.at("pool"), server.at("server")}] = decode_admin(server.at("state"));
  }
  service.is_dormant = json.value("dormant", false);
  if (json.contains("lock")) service.lock = decode_lock(json.at("lock"));
  if (json.contains("last_switch")) service.last_switch = decode_last_switch(json["last_switch"]);
  for (const Json& record : json.at("past")) {
    service.past.push_back({record.at("revision"), decode_split(record.at("split")),
                            decode_decided(record.at("decided"))});
  }
  return service;
}

// nlohmann's begin with "[json.exception.type_error.302] ", which is none of the reader's business.
std::string_view sentence_of(const std::exception& broken) {
  const std::string_view what = broken.what();
  const std::size_t end = what.starts_with("[json.exception.") ? what.find("] ") : what.npos;
  return end == what.npos ? what : what.substr(end + 2);
}

constexpr std::string_view kCure =
    "restore it from a backup, or move it away to start with each service's `initial`";

}  // namespace

std::string encode_state(const Decisions& decisions) {
  Json json;
  json["version"] = kStateVersion;
  Json& services = json["services"] = Json::object();
  for (const auto& [name, service] : decisions.services) services[name] = encode(service);
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Decisions> decode_state(std::string_view text, const std::string& path) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return error("{} is torn or not JSON: {}", path, kCure);
  const auto version = json.find("version");
  if (version == json.end() || !version->is_number_integer() || *version < 1) {
    return error("{} has no version that there ever was: {}", path, kCure);
  }
  if (*version > kStateVersion) {
    return error("{} is of version {}, and this tealgate reads up to version {}: run the newer one",
                 path, version->get<std::int64_t>(), kStateVersion);
  }
  const auto services = json.find("services");
  if (services == json.end() || !services->is_object()) {
    return error("{} has no services: {}", path, kCure);
  }
  try {
    Decisions decisions;
    for (const auto& [name, service] : services->items()) {
      decisions.services[name] = decode_service(service);
    }
    return decisions;
  } catch (const std::exception& broken) {
    return error("{} cannot be understood ({}): {}", path, sentence_of(broken), kCure);
  }
}

Result<std::optional<Decisions>> FileStateStore::load() {
  const auto text = read_file(path_);
  if (!text) return tl::make_unexpected(text.error());
  if (!*text) return std::nullopt;
  auto decisions = decode_state(**text, path_);
  if (!decisions) return tl::make_unexpected(decisions.error());
  return std::move(*decisions);
}

Result<void> FileStateStore::save(const std::string& text) {
  return replace_file(path_, text);
}

}  // namespace tealgate
