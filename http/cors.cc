#include "http/cors.h"

#include <algorithm>

#include "http/h1_writer.h"

namespace tealgate {

namespace {

std::string joined(const std::vector<std::string>& items) {
  std::string list;
  for (const std::string& item : items) {
    if (!list.empty()) list += ", ";
    list += item;
  }
  return list;
}

void append_list(std::string& out, std::string_view name, const std::vector<std::string>& items) {
  if (!items.empty()) append_field(out, name, joined(items));
}

}  // namespace

CorsPolicy::CorsPolicy(const Terms& terms)
    : origins_(terms.origins), any_origin_(std::ranges::count(terms.origins, "*") > 0) {
  if (terms.credentials) {
    append_field(answer_lines_, "Access-Control-Allow-Credentials", "true");
    append_field(preflight_lines_, "Access-Control-Allow-Credentials", "true");
  }
  append_list(answer_lines_, "Access-Control-Expose-Headers", terms.expose);
  append_list(preflight_lines_, "Access-Control-Allow-Methods", terms.methods);
  append_list(preflight_lines_, "Access-Control-Allow-Headers", terms.headers);
  append_field(preflight_lines_, "Access-Control-Max-Age", std::to_string(terms.max_age.count()));
}

bool CorsPolicy::allows(std::string_view origin) const {
  if (origin.empty()) return false;
  return any_origin_ || std::ranges::find(origins_, origin) != origins_.end();
}

void CorsPolicy::append_answer_fields(std::string& out, std::string_view origin) const {
  append_origin(out, origin);
  if (any_origin_ || allows(origin)) out.append(answer_lines_);
}

void CorsPolicy::append_preflight_fields(std::string& out, std::string_view origin) const {
  append_origin(out, origin);
  out.append(preflight_lines_);
}

// An answer that is the same for every origin needs no Vary; one that is not needs it even where no
// origin was told, or a cache would give it to those who tell one.
void CorsPolicy::append_origin(std::string& out, std::string_view origin) const {
  if (any_origin_) return append_field(out, "Access-Control-Allow-Origin", "*");
  if (allows(origin)) append_field(out, "Access-Control-Allow-Origin", origin);
  append_field(out, "Vary", "Origin");
}

bool is_preflight(const RequestHead& head) {
  return head.method == "OPTIONS" && head.has_field("Origin") &&
         head.has_field("Access-Control-Request-Method");
}

}  // namespace tealgate
