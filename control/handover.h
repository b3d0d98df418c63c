// What two daemons say to each other while one replaces the other, as text. Pure.
//
//   new: hello {protocol, version, pid, state_version}
//   old: offer {pid, version, by, reason, state_folder, secrets, descriptors}
//              with the descriptors
//   new: ready      its config fits, its listeners are there, the servers are
//                   checked
//   old: take       nothing is decided any more, and all of it is on disk
//   new: serving    the decisions are the new one's from here on
//   new: listens {addresses}
//                   with `serving`, and when a reload has changed them: what
//                   else there was of listeners and dashboard is given up
//   new: ending     it was told to stop: nobody shall take over again
//
// and, as long as the old one finishes its exchanges, what remainder.h says.
#pragma once

#include <sys/types.h>

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/inheritance.h"
#include "base/message_channel.h"
#include "base/result.h"

namespace tealgate {

// Two daemons must speak the same.
inline constexpr int kHandoverProtocol = 1;
// Names the descriptors of ChildProcess: "3,4".
inline constexpr const char* kHandoverVariable = "TEALGATE_HANDOVER";

struct Hello {
  int protocol = 0;
  std::string version;
  pid_t pid = 0;
  int state_version = 0;  // that it reads
};

struct Offer {
  pid_t pid = 0;
  std::string version;
  std::string by, reason;  // who asked
  std::string state_folder;
  // What must survive and is on no disk, by name, for instance the keys of TLS tickets: any bytes.
  std::map<std::string, std::string> secrets;
};

ChannelMessage encode(const Hello& hello);
ChannelMessage encode(const Offer& offer, std::vector<HandedDescriptor> descriptors);
// A message that is only its word.
ChannelMessage encode_word(std::string_view word);
ChannelMessage encode(const nlohmann::ordered_json& message);

// An object with the text "say"; empty if it is none.
nlohmann::ordered_json decode(const ChannelMessage& message);
std::string word_of(const nlohmann::ordered_json& message);
Result<Hello> decode_hello(const nlohmann::ordered_json& message);
// The descriptors go to `inheritance`.
Result<Offer> decode_offer(ChannelMessage message, Inheritance& inheritance);

// Why a daemon that reads state up to `state_version` cannot take over from one that says `hello`
// to it; empty: it can.
std::string mismatch(const Hello& hello, int state_version);

}  // namespace tealgate
