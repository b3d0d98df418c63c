#include "upstream/balancer.h"

#include <algorithm>
#include <string_view>

namespace tealgate {
namespace {

// A round begins at most that many turns late: enough to spread workers, and cheap at each
// publication.
constexpr std::uint32_t kMaxHeadStart = 256;

// One turn of the smooth weighted round robin (nginx's): each usable entry gains its weight, the
// one with the most, the first of several, is chosen and pays what all gained. Null if none is
// usable.
template <class Entry, class IsUsable, class Weight>
Entry* take_turn(std::vector<Entry>& entries, IsUsable is_usable, Weight weight) {
  Entry* best = nullptr;
  std::int64_t gained = 0;
  for (Entry& entry : entries) {
    if (!is_usable(entry)) continue;
    entry.current += weight(entry);
    gained += weight(entry);
    if (best == nullptr || entry.current > best->current) best = &entry;
  }
  if (best != nullptr) best->current -= gained;
  return best;
}

}  // namespace

Balancer::Balancer(const Service& service, std::uint32_t seed) {
  for (const Split::Entry& entry : service.split.entries) {
    const Pool* pool = service.find_pool(entry.pool);
    if (pool == nullptr) continue;
    if (groups_.empty() || entry.percent) groups_.emplace_back();
    Group& group = groups_.back();
    if (entry.percent) group.weight = *entry.percent;
    for (const Server& server : pool->servers) group.candidates.push_back({pool, &server});
  }
  for (std::uint32_t turn = 0; turn < seed % kMaxHeadStart; ++turn) {
    next(groups_, [](const Candidate&) { return true; });
  }
}

Choice Balancer::pick(std::span<const std::string_view> tried) {
  Choice choice = next(groups_, [&](const Candidate& candidate) {
    return candidate.server->is_eligible() &&
           std::find(tried.begin(), tried.end(), candidate.server->name) == tried.end();
  });
  if (choice || tried.empty()) return choice;
  return next(groups_, [](const Candidate& candidate) { return candidate.server->is_eligible(); });
}

template <class IsUsable>
Choice Balancer::next(std::vector<Group>& groups, IsUsable is_usable) {
  auto has_usable = [&](const Group& group) {
    return std::any_of(group.candidates.begin(), group.candidates.end(), is_usable);
  };
  auto share = [](const Group& group) { return group.weight; };
  auto weight = [](const Candidate& c) { return static_cast<std::int64_t>(c.server->weight); };
  while (Group* group = take_turn(groups, has_usable, share)) {
    // None if health changed between the two looks: then look again.
    if (Candidate* candidate = take_turn(group->candidates, is_usable, weight)) {
      return {candidate->pool, candidate->server};
    }
  }
  return {};
}

}  // namespace tealgate
