// What an operator changes in the heads of a service: fields to take out, lines to put in.
//
// Compiled when the config is read, immutable then, and read by every worker. Names are compared as
// servers may see them (field_name.h): who removes X-User removes X_User.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tealgate {

class HeaderRules {
 public:
  enum class Side : std::uint8_t { Request, Response };
  enum class Change : std::uint8_t { Set, Add, Remove };

  // Why `name` is not to be changed so, to follow it in a sentence ("is not a field name"); empty
  // if it may be. What frames a message or concerns one connection, and what the proxy answers for
  // itself, is nobody's to change.
  static std::string_view why_not(Side side, Change change, std::string_view name);

  // Names have passed why_not(), values is_plain_field_value(); a request's Host is_authority().
  void set(std::string_view name, const std::vector<std::string>& values);
  void add(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  // All names that begin like `lower`.
  void remove_all(std::string_view lower) { prefix_ = lower; }

  bool is_empty() const {
    return removed_.empty() && prefix_.empty() && lines_.empty() && host_.empty();
  }

  // For who asks at each field.
  const HeaderRules* or_null() const { return is_empty() ? nullptr : this; }

  // Whether a field that came is left out. Set fields are: their lines take its place.
  bool takes_out(std::string_view name) const;
  // The lines to put in, each with its CRLF.
  const std::string& lines() const { return lines_; }
  // Those of them that fit an answer of our own: none about its content, its storage or its
  // meaning, of which the rules know nothing.
  const std::string& lines_for_own_replies() const { return own_reply_lines_; }
  // In place of a request's Host; empty: as it came.
  const std::string& host() const { return host_; }

 private:
  std::vector<std::string> removed_;  // folded: lower case, with dashes
  std::string prefix_;
  std::string lines_;
  std::string own_reply_lines_;
  std::string host_;
};

}  // namespace tealgate
