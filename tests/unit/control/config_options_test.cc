// That the option table agrees with the structs it fills and with the reference page.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "control/options.h"
#include "control/scalar_values.h"
#include "control/suggestions.h"
#include "tests/unit/control/config_vocabulary.h"

using namespace tealgate;

namespace {

std::string reference_page() {
  return config_test::read_text(std::string(TEALGATE_TESTS_DIR) + "/../docs/configuration.md");
}

// The rows of the page's option tables.
std::set<std::string> documented_rows() {
  std::set<std::string> rows;
  std::istringstream page(reference_page());
  for (std::string line; std::getline(page, line);)
    if (line.starts_with("| `") && std::ranges::count(line, '|') == 5) rows.insert(line);
  return rows;
}

// What the structs have where nothing is configured, in the option's own unit.
void check_default(const Option& option) {
  Config config;
  ServiceSettings settings;
  if (auto* span = std::get_if<Duration& (*)(Config&)>(&option.slot))
    CHECK(parse_duration(option.default_text) == (*span)(config));
  if (auto* span = std::get_if<Duration& (*)(ServiceSettings&)>(&option.slot))
    CHECK(parse_duration(option.default_text) == (*span)(settings));
  if (auto* bytes = std::get_if<std::uint64_t& (*)(ServiceSettings&)>(&option.slot))
    CHECK(parse_size(option.default_text) == (*bytes)(settings));
  if (auto* bytes = std::get_if<std::uint64_t& (*)(Config&)>(&option.slot))
    CHECK(parse_size(option.default_text) == (*bytes)(config));
  if (auto* count = std::get_if<unsigned& (*)(Config&)>(&option.slot))
    CHECK(parse_number(option.default_text) == (*count)(config));
  if (auto* count = std::get_if<unsigned& (*)(ServiceSettings&)>(&option.slot)) {
    const bool is_percent = option.type == OptionType::Percent;
    CHECK((is_percent ? parse_percent(option.default_text) : parse_number(option.default_text)) ==
          (*count)(settings));
  }
}

std::string hint(OptionContext context, std::string_view prefix, std::string_view word) {
  return suggest_key(context, prefix, word).hint;
}

}  // namespace

TEST_CASE("Options: the table's defaults are those of the settings") {
  std::size_t with_slot = 0;
  for (const Option& option : options()) {
    INFO(std::string(option.key));
    check_default(option);
    with_slot += option.slot.index() != 0;
  }
  CHECK(with_slot == 31);
  const HealthSettings health;
  const auto default_of = [](std::string_view key) {
    return find_option(OptionContext::Service, key)->default_text;
  };
  CHECK(default_of("health.path") == health.path);
  CHECK(default_of("health.method") == health.method);
  CHECK(health.expect_status.size() == 1);
  CHECK(default_of("health.expect.status") == "200-299");
  CHECK(health.expect_status[0].low == 200);
  CHECK(health.expect_status[0].high == 299);
  CHECK(health.kind == HealthSettings::Kind::Tcp);
  CHECK(health.port == 0);
}

TEST_CASE("Options: every default lies in its range, and every range can be read") {
  for (const Option& option : options()) {
    INFO(std::string(option.key));
    if (option.type == OptionType::TimeSpan) {
      REQUIRE(parse_duration(option.lowest));
      REQUIRE(parse_duration(option.highest));
      CHECK(parse_duration(option.default_text).value() >= parse_duration(option.lowest).value());
      CHECK(parse_duration(option.default_text).value() <= parse_duration(option.highest).value());
    }
    if (option.type == OptionType::Size) CHECK(parse_size(option.highest));
    if (option.type == OptionType::Percent) CHECK(parse_percent(option.lowest));
    if (option.type == OptionType::Number || option.type == OptionType::NumberOrAuto) {
      CHECK(parse_number(option.lowest));
      CHECK(parse_number(option.highest));
    }
  }
}

TEST_CASE("Options: no key stands twice in one place") {
  std::set<std::pair<OptionScope, std::string_view>> keys;
  for (const Option& option : options()) CHECK(keys.emplace(option.scope, option.key).second);
}

TEST_CASE("Options: every option is in docs/configuration.md, as the table has it") {
  const std::set<std::string> rows = documented_rows();
  for (const Option& option : options()) {
    const std::string row = reference_row(option);
    CHECK_MESSAGE(rows.contains(row), row);
  }
}

TEST_CASE("Options: docs/configuration.md describes no key that does not exist") {
  std::set<std::string> wanted;
  for (const Option& option : options()) wanted.insert(reference_row(option));
  for (const std::string& row : documented_rows()) CHECK_MESSAGE(wanted.contains(row), row);
}

TEST_CASE("Suggestions: the neighbours' words lead to ours from wherever they stand") {
  using enum OptionContext;
  CHECK(hint(File, "", "bind") == "did you mean \"listen\"?");
  CHECK(hint(Service, "", "proxy_read_timeout") == "did you mean \"timeouts.response\"?");
  CHECK(hint(Service, "timeouts.", "proxy_read_timeout") == "did you mean \"response\"?");
  CHECK(hint(Service, "timeouts.", "server") == "did you mean \"response\"?");
  CHECK(hint(Service, "", "server") == "did you mean \"pools\"?");
  CHECK(hint(File, "", "upstream") == "did you mean \"pools\", in services.NAME?");
  CHECK(hint(Service, "", "host") == "did you mean \"hosts\"?");
  CHECK(hint(OptionContext::Server, "", "host") == "did you mean \"address\"?");
  CHECK(hint(Listener, "", "bind") != "");
}

TEST_CASE("Suggestions: capitals, dashes and underscores do not count") {
  CHECK(hint(OptionContext::Service, "", "serverName") == "did you mean \"hosts\"?");
  CHECK(hint(OptionContext::Service, "", "health-check") == "did you mean \"health\"?");
  CHECK(hint(OptionContext::File, "", "Trusted-Proxies") == "did you mean \"trusted_proxies\"?");
}

TEST_CASE("Suggestions: a word that is near nothing gets none") {
  CHECK(hint(OptionContext::File, "", "zebra") == "");
  CHECK(hint(OptionContext::Service, "", "hooks") == "");
  CHECK(hint(OptionContext::File, "", std::string(10'000, 'x')) == "");
}

TEST_CASE("Suggestions: every word of the neighbours leads to a key that exists") {
  for (OptionContext context : {OptionContext::File, OptionContext::Service}) {
    for (const char* word :
         {"worker_processes", "nbthread", "access_log", "max_fails", "location", "server_name",
          "keepalive_timeout", "httpchk", "backend", "targets", "proxy_connect_timeout"})
      CHECK(hint(context, "", word).find("did you mean") != std::string::npos);
  }
}
