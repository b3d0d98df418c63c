#include "control/handover.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "control/command.h"

namespace tealgate {
namespace {

using Json = nlohmann::ordered_json;

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::string from_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace

ChannelMessage encode(const Json& message) {
  return {json_text(message), {}};
}

ChannelMessage encode_word(std::string_view word) {
  return encode(Json{{"say", word}});
}

ChannelMessage encode(const Hello& hello) {
  return encode(Json{{"say", "hello"},
                     {"protocol", hello.protocol},
                     {"version", hello.version},
                     {"pid", hello.pid},
                     {"state_version", hello.state_version}});
}

ChannelMessage encode(const Offer& offer, std::vector<HandedDescriptor> descriptors) {
  Json message{{"say", "offer"},
               {"pid", offer.pid},
               {"version", offer.version},
               {"by", offer.by},
               {"reason", offer.reason},
               {"state_folder", offer.state_folder},
               {"secrets", Json::object()},
               {"descriptors", Json::array()}};
  for (const auto& [name, bytes] : offer.secrets) message["secrets"][name] = to_hex(bytes);
  std::vector<UniqueFd> fds;
  for (HandedDescriptor& descriptor : descriptors) {
    message["descriptors"].push_back({{"kind", descriptor.kind}, {"name", descriptor.name}});
    fds.push_back(std::move(descriptor.fd));
  }
  return {json_text(message), std::move(fds)};
}

Json decode(const ChannelMessage& message) {
  Json object = Json::parse(message.text, nullptr, false);
  return object.is_object() ? object : Json::object();
}

std::string word_of(const Json& message) {
  const auto word = message.find("say");
  return word != message.end() && word->is_string() ? word->get<std::string>() : std::string();
}

Result<Hello> decode_hello(const Json& message) {
  try {
    return Hello{message.at("protocol"), message.at("version"), message.at("pid"),
                 message.at("state_version")};
  } catch (const std::exception& broken) {
    return error("its first word is not understood: {}", broken.what());
  }
}

Result<Offer> decode_offer(ChannelMessage message, Inheritance& inheritance) {
  const Json object = decode(message);
  try {
    Offer offer{object.at("pid"),    object.at("version"),      object.at("by"),
                object.at("reason"), object.at("state_folder"), {}};
    for (const auto& [name, hex] : object.at("secrets").items())
      offer.secrets[name] = from_hex(hex);
    const Json& descriptors = object.at("descriptors");
    if (descriptors.size() != message.descriptors.size()) {
      return error("{} descriptors are named, {} came", descriptors.size(),
                   message.descriptors.size());
    }
    for (std::size_t i = 0; i < descriptors.size(); ++i) {
      inheritance.add({descriptors[i].at("kind"), descriptors[i].at("name"),
                       std::move(message.descriptors[i])});
    }
    return offer;
  } catch (const std::exception& broken) {
    return error("what the running daemon offers is not understood: {}", broken.what());
  }
}

std::string mismatch(const Hello& hello, int state_version) {
  if (hello.protocol != kHandoverProtocol) {
    return fmt::format(
        "tealgate {} hands over by protocol {}, this one ({}) by {}: restart instead",
        hello.version, hello.protocol, TEALGATE_VERSION, kHandoverProtocol);
  }
  if (hello.state_version < state_version) {
    return fmt::format(
        "tealgate {} is older: it reads state up to version {}, and the state is of version {}",
        hello.version, hello.state_version, state_version);
  }
  return "";
}

}  // namespace tealgate
