// Those who wait for one operation: each hears its steps, and its result at the moment it asked
// for.
//
// A watcher may leave, or be told its end, while another is being told. Control loop's thread;
// owned by the operation.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/command.h"

namespace tealgate {

class Audience {
 public:
  // Whether the watcher's own command made the change, or it was so already.
  enum class Asked : std::uint8_t { ToChange, WhatWasSo };
  struct Member {
    std::shared_ptr<CommandWatcher> watcher;
    Until until;
    Asked asked;
  };

  // Hears the last step at once, if there was one.
  void add(Member member, const std::string& operation);
  // False if it was not there.
  bool remove(const CommandWatcher& watcher);
  bool is_empty() const { return members_.empty(); }

  // Takes those out who wait for no more than the announcement; or all.
  std::vector<Member> take_content();
  std::vector<Member> take_all();

  // The same step twice is told once.
  void tell(std::string_view word, std::string message, const std::string& operation);

 private:
  std::vector<Member> members_;
  std::string word_, message_;
};

// What a member is answered: the result, with "changed":false if it was so already.
void answer(const Audience::Member& member, const nlohmann::ordered_json& result);

}  // namespace tealgate
