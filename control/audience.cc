#include "control/audience.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tealgate {

void Audience::add(Member member, const std::string& operation) {
  const auto watcher = member.watcher;
  members_.push_back(std::move(member));
  if (!message_.empty()) watcher->on_progress(word_, message_, operation);
}

bool Audience::remove(const CommandWatcher& watcher) {
  return std::erase_if(members_, [&](const Member& m) { return m.watcher.get() == &watcher; }) > 0;
}

std::vector<Audience::Member> Audience::take_content() {
  const auto first = std::stable_partition(
      members_.begin(), members_.end(), [](const Member& m) { return m.until != Until::Switched; });
  std::vector<Member> content(std::make_move_iterator(first),
                              std::make_move_iterator(members_.end()));
  members_.erase(first, members_.end());
  return content;
}

std::vector<Audience::Member> Audience::take_all() {
  return std::exchange(members_, {});
}

void Audience::tell(std::string_view word, std::string message, const std::string& operation) {
  if (word == word_ && message == message_) return;
  word_ = word;
  message_ = std::move(message);
  const std::vector<Member> told = members_;
  for (const Member& member : told) {
    const bool is_here = std::any_of(members_.begin(), members_.end(),
                                     [&](const Member& m) { return m.watcher == member.watcher; });
    if (is_here) member.watcher->on_progress(word_, message_, operation);
  }
}

void answer(const Audience::Member& member, const nlohmann::ordered_json& result) {
  nlohmann::ordered_json told = result;
  if (member.asked == Audience::Asked::WhatWasSo && told.contains("changed")) {
    told["changed"] = false;
  }
  member.watcher->on_finished(told);
}

}  // namespace tealgate
