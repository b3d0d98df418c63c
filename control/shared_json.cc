#include "control/shared_json.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "control/command.h"

namespace tealgate {

using Json = nlohmann::ordered_json;

SharedJson::SharedJson(Json object) : object_(std::make_unique<const Json>(std::move(object))) {}

SharedJson::~SharedJson() = default;

const std::string& SharedJson::text() const {
  if (text_.empty()) text_ = json_text(*object_);
  return text_;
}

}  // namespace tealgate
