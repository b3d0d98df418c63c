#include "control/gates.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tealgate {
namespace {

using std::chrono::duration;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::size_t kNamedServers = 3;
constexpr std::size_t kQuotedBytes = 120;

bool is_fresh(const GateServer& server, TimePoint called_at) {
  return server.evidence.last && server.evidence.last->began >= called_at;
}

bool is_fit(const GateServer& server, TimePoint called_at) {
  return server.counts() && is_fresh(server, called_at) && server.evidence.last->ok &&
         server.evidence.health == Health::Up;
}

// Passes its checks, but not yet often enough.
bool is_rising(const GateServer& server, TimePoint called_at) {
  return server.counts() && is_fresh(server, called_at) && server.evidence.last->ok &&
         server.evidence.health != Health::Up;
}

std::string one_line(std::string_view body) {
  std::string text;
  for (const char c : body.substr(0, kQuotedBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"')
      text += '\'';
    else
      text += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  if (body.size() > kQuotedBytes) text += "…";
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::string condition(const GateServer& server, const GateInput& input) {
  if (is_rising(server, input.called_at)) {
    return fmt::format("not up yet, {} of {} passes", server.evidence.streak, server.rise);
  }
  if (server.evidence.health == Health::Down) {
    return fmt::format(
        "down {}",
        format_duration(std::max(Duration::zero(), Duration(input.now - server.evidence.since))));
  }
  return server.evidence.health == Health::Up ? "failing" : "never up";
}

std::string complaint(const GateServer& server, const GateInput& input) {
  return fmt::format("{} {}: {}", server.name, condition(server, input),
                     outcome_of(server.evidence));
}

struct PoolCount {
  unsigned up = 0;
  unsigned of = 0;
};

PoolCount count(const GatePool& pool, TimePoint called_at) {
  PoolCount result;
  for (const GateServer& server : pool.servers) {
    result.of += server.counts() ? 1 : 0;
    result.up += is_fit(server, called_at) ? 1 : 0;
  }
  return result;
}

bool suffices(const PoolCount& counted, const GateNeed& need) {
  return counted.of > 0 && counted.up >= need.of(counted.of);
}

std::string left_out(const GatePool& pool) {
  std::string text;
  for (const GateServer& server : pool.servers) {
    if (server.counts()) continue;
    text += fmt::format("; {} is in {} and does not count", server.name, to_string(server.admin));
  }
  return text;
}

std::string refusal(const GatePool& pool, const PoolCount& counted, const GateInput& input) {
  std::string text = fmt::format("{} refused: {} of {} up", pool.name, counted.up, counted.of);
  if (input.need.kind == GateNeed::Kind::Count && input.need.amount > counted.of) {
    text += fmt::format(", {} wanted", input.need.amount);
  }
  std::size_t named = 0;
  std::size_t unnamed = 0;
  for (const GateServer& server : pool.servers) {
    if (!server.counts() || is_fit(server, input.called_at)) continue;
    if (named++ < kNamedServers)
      text += "; " + complaint(server, input);
    else
      ++unnamed;
  }
  if (unnamed > 0) text += fmt::format("; and {} more", unnamed);
  return text + left_out(pool);
}

std::string checks_made(const GateInput& input) {
  std::vector<std::string> kinds;
  for (const GatePool& pool : input.pools) {
    for (const GateServer& server : pool.servers) {
      const std::string& what = server.evidence.what;
      const std::string kind = what == "TCP connect" || what == "none" ? "TCP connect only" : what;
      if (server.counts() && std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
        kinds.push_back(kind);
      }
    }
  }
  return fmt::format("{}", fmt::join(kinds, ", "));
}

std::string praise(const GateInput& input) {
  std::string text;
  for (const GatePool& pool : input.pools) {
    const PoolCount counted = count(pool, input.called_at);
    if (!text.empty()) text += ", ";
    if (input.pools.size() > 1) text += pool.name + " ";
    text += fmt::format("{} of {} up", counted.up, counted.of);
  }
  text += ": " + checks_made(input);
  for (const GatePool& pool : input.pools) text += left_out(pool);
  return text;
}

}  // namespace

std::string outcome_of(const HealthEvidence& evidence) {
  if (!evidence.last) return fmt::format("{}: no result yet", evidence.what);
  const CheckResult& last = *evidence.last;
  if (last.status == 0) {
    return fmt::format("{}: {}", evidence.what, last.error.empty() ? "passed" : last.error);
  }
  std::string text = fmt::format("{} → {}", evidence.what, last.status);
  if (!last.ok && !last.error.empty()) text += fmt::format(" ({})", last.error);
  if (!last.ok && !last.body.empty()) text += fmt::format(" \"{}\"", one_line(last.body));
  return text;
}

unsigned GateNeed::of(std::size_t servers) const {
  if (kind == Kind::Count) return std::max(1U, amount);
  return std::max(1U, static_cast<unsigned>((servers * amount + 99) / 100));
}

GateVerdict judge(const GateInput& input) {
  GateVerdict verdict;
  verdict.passed = true;
  verdict.may_settle = true;
  for (const GatePool& pool : input.pools) {
    PoolCount counted = count(pool, input.called_at);
    verdict.up += counted.up;
    verdict.of += counted.of;
    for (const GateServer& server : pool.servers) {
      verdict.servers.push_back(server);
      verdict.is_up.push_back(is_fit(server, input.called_at));
    }
    if (suffices(counted, input.need)) continue;
    verdict.passed = false;
    if (!verdict.sentence.empty()) verdict.sentence += "; ";
    verdict.sentence += refusal(pool, counted, input);
    for (const GateServer& server : pool.servers) {
      counted.up += is_rising(server, input.called_at) ? 1 : 0;
    }
    verdict.may_settle = verdict.may_settle && suffices(counted, input.need);
  }
  if (verdict.passed) {
    verdict.may_settle = false;
    verdict.sentence = praise(input);
  }
  return verdict;
}

nlohmann::ordered_json gate_details(const GateVerdict& verdict, WallTime now) {
  auto rows = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < verdict.servers.size(); ++i) {
    const GateServer& server = verdict.servers[i];
    const CheckResult last = server.evidence.last.value_or(CheckResult{});
    nlohmann::ordered_json row;
    row["pool"] = server.pool;
    row["server"] = server.name;
    row["address"] = server.address;
    row["admin"] = to_string(server.admin);
    row["check"] = server.evidence.what;
    row["up"] = static_cast<bool>(verdict.is_up[i]);
    row["status"] = last.status;
    row["latency_ms"] = duration<double, std::milli>(last.latency).count();
    row["error"] = last.error;
    row["body"] = last.body;
    const bool is_known = server.evidence.since != WallTime{};
    row["since_ms"] = is_known
                          ? std::max<std::int64_t>(
                                0, duration_cast<milliseconds>(now - server.evidence.since).count())
                          : 0;
    rows.push_back(std::move(row));
  }
  return rows;
}

GateInput gate_input(const Service& service, const std::vector<std::string>& pools,
                     const Prober& prober) {
  GateInput input;
  for (const std::string& name : pools) {
    const Pool* pool = service.find_pool(name);
    if (pool == nullptr) continue;
    GatePool& judged = input.pools.emplace_back(GatePool{name, {}});
    for (const Server& server : pool->servers) {
      GateServer& row = judged.servers.emplace_back(
          GateServer{name, server.name, server.address_text, server.admin, {}, 2});
      row.rise = service.settings->health.rise;
      const HealthEvidence* known = prober.evidence({service.name, name, server.name});
      if (known != nullptr) row.evidence = *known;
    }
  }
  return input;
}

}  // namespace tealgate
