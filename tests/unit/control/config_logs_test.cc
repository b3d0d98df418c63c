// `logs`: the format, and the Loki that lines are pushed to.
#include <doctest/doctest.h>

#include "control/config_file.h"
#include "tests/unit/control/config_vocabulary.h"

using namespace tealgate;

namespace {

LogConfig read(const std::string& logs) {
  const std::string text =
      "listen: \":80\"\nlogs: " + logs + "\nservices: {shop: {health: none, pools: {a: \":1\"}}}\n";
  const ConfigResult parsed = parse_config(text, "test.yaml", config_test::surroundings());
  REQUIRE_MESSAGE(parsed.has_value(), (parsed ? "" : render(parsed.error())));
  return parsed->config.logs;
}

std::string url(const std::string& written) {
  return read("{loki: {url: \"" + written + "\"}}").loki->url;
}

}  // namespace

TEST_CASE("Config: the access log's format is JSON unless it says otherwise") {
  CHECK(read("{access: stdout}").format == AccessLogFormat::Json);
  CHECK(read("{format: json}").format == AccessLogFormat::Json);
  CHECK(read("{format: combined}").format == AccessLogFormat::Combined);
  CHECK_FALSE(read("{format: combined}").loki);
}

TEST_CASE("Config: Loki's url gets the push API's path where it has none") {
  CHECK(url("http://loki:3100") == "http://loki:3100/loki/api/v1/push");
  CHECK(url("https://loki.example.com/") == "https://loki.example.com/loki/api/v1/push");
  CHECK(url("http://[::1]:3100") == "http://[::1]:3100/loki/api/v1/push");
  CHECK(url("https://gate.example.com/logs/push") == "https://gate.example.com/logs/push");
}

TEST_CASE("Config: Loki's secrets are what the files hold") {
  const LogConfig named =
      read("{loki: {url: \"http://l\", username: g, password_file: /etc/app/token}}");
  CHECK(named.loki->username == "g");
  CHECK(named.loki->password == config_test::kSecret);
  const LogConfig token = read("{loki: {url: \"http://l\", token_file: /etc/app/token}}");
  CHECK(token.loki->token == config_test::kSecret);
  CHECK(token.loki->queue_bytes == LokiSettings().queue_bytes);
}

TEST_CASE("Config: all of Loki's settings") {
  const auto parsed =
      load_config(config_test::folder() + "/good/full.yaml", config_test::surroundings());
  REQUIRE(parsed.has_value());
  const LokiSettings wanted{.url = "https://loki.example.com/loki/api/v1/push",
                            .tenant = "shop",
                            .labels = {{"site", "berlin"}, {"_Host1", "8081"}},
                            .username = "gate",
                            .password = config_test::kSecret,
                            .token = "",
                            .ca_file = "/etc/tealgate/tls/shop.pem",
                            .queue_bytes = std::uint64_t{64} << 20};
  CHECK((parsed->config.logs.loki == wanted));
}
