// The screen of `tealgate status`: text made of the objects of docs/control-api.md.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/clock.h"

namespace tealgate::cli {

struct Look {
  bool colour = false;
  WallTime now;
};

// SERVICE as one screen, each line ended.
std::string render_service(const nlohmann::ordered_json& service, const Look& look);

// Its parts: "GREEN 100 %", "back: blue, possible, 2 of 2 up", what runs or "idle", "unlocked" or
// who locked it.
std::string serves(const nlohmann::ordered_json& service);
std::string way_back(const nlohmann::ordered_json& service);
std::string now_doing(const nlohmann::ordered_json& service);
std::string lock_of(const nlohmann::ordered_json& service, const Look& look);

// Of CHECK: "GET /health → 503".
std::string outcome_of(const nlohmann::ordered_json& check);

// "2026-11-22T14:02:11.123Z" as a person reads it, in local time: "14:02" today, "2026-11-21 14:02"
// else. What is no time comes back as it is.
std::string render_time(const std::string& time, WallTime now);

// The same to the second: "14:02:11".
std::string render_second(const std::string& time, WallTime now);

// How long ago that was: "40 s"; "" if unknown.
std::string render_age(const std::string& time, WallTime now);

}  // namespace tealgate::cli
