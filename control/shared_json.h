// JSON that many readers are sent, most of them the whole of it: its text is made once, when the
// first of them asks. Control loop's thread.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace tealgate {

class SharedJson {
 public:
  explicit SharedJson(nlohmann::ordered_json object);
  ~SharedJson();
  SharedJson(const SharedJson&) = delete;
  SharedJson& operator=(const SharedJson&) = delete;

  const nlohmann::ordered_json& object() const { return *object_; }
  const std::string& text() const;

 private:
  const std::unique_ptr<const nlohmann::ordered_json> object_;
  mutable std::string text_;
};

}  // namespace tealgate
