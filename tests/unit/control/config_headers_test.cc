// What `headers`, `cors` and `errors` come to, with what `defaults` say of them.
#include <doctest/doctest.h>

#include "tests/unit/control/config_vocabulary.h"

using namespace tealgate;

namespace {

ServiceSettings settings_of(std::size_t service) {
  const std::string path = config_test::folder() + "/good/full.yaml";
  const ConfigResult result =
      parse_config(config_test::read_text(path), path, config_test::surroundings());
  REQUIRE(result);
  return result->config.services.at(service).settings;
}

std::string answer(const std::optional<CorsPolicy>& cors, std::string_view origin) {
  std::string out;
  REQUIRE(cors);
  cors->append_answer_fields(out, origin);
  return out;
}

}  // namespace

TEST_CASE("Config file: headers are compiled, key by key on top of the defaults") {
  const HeaderSettings headers = settings_of(0).headers;
  CHECK(headers.forwarded);
  CHECK(headers.request.host() == "inner.example:81");
  CHECK(headers.request.lines() == "X-Forwarded-Proto: https\r\nX-Tag: a\r\nX-Tag: b\r\n");
  CHECK(headers.request.takes_out("Cookie"));
  CHECK(headers.request.takes_out("x-forwarded-proto"));
  CHECK_FALSE(headers.request.takes_out("X-Tag"));
  CHECK(headers.response.takes_out("X-Powered-By"));
}

TEST_CASE("Config file: a service removes a field that the defaults set") {
  CHECK(settings_of(0).headers.response.lines() == "Server: shop\r\nVary: Accept\r\n");
  CHECK(settings_of(1).headers.response.lines() == "Server: shop\r\nX-Env: 8081\r\n");
  CHECK_FALSE(settings_of(1).headers.forwarded);
}

TEST_CASE("Config file: cors takes its origins from the defaults, and the server's fields out") {
  const ServiceSettings settings = settings_of(0);
  CHECK(answer(settings.cors, "https://a.example") ==
        "Access-Control-Allow-Origin: https://a.example\r\nVary: Origin\r\n"
        "Access-Control-Allow-Credentials: true\r\nAccess-Control-Expose-Headers: X-Total\r\n");
  CHECK(settings.headers.response.takes_out("Access-Control-Allow-Origin"));
  std::string preflight;
  settings.cors->append_preflight_fields(preflight, "https://a.example");
  CHECK(preflight.find("Access-Control-Allow-Methods: GET, PUT\r\n") != std::string::npos);
  CHECK(preflight.find("Access-Control-Allow-Headers: X-Token\r\n") != std::string::npos);
  CHECK(preflight.find("Access-Control-Max-Age: 60\r\n") != std::string::npos);
}

TEST_CASE("Config file: passthrough undoes the defaults' cors") {
  CHECK_FALSE(settings_of(1).cors);
  CHECK_FALSE(settings_of(1).headers.response.takes_out("Access-Control-Allow-Origin"));
}

TEST_CASE("Config file: error pages are read with the file, the defaults' too") {
  const ErrorPages pages = settings_of(0).errors;
  REQUIRE(pages.find(502));
  CHECK(pages.find(502)->render({.status = 502}) == "<h1>502</h1>");
  CHECK(pages.find(599) != nullptr);
  CHECK(pages.find(404) == nullptr);
  CHECK(settings_of(1).errors.find(502) != nullptr);
}

TEST_CASE("Config file: what the defaults say is kept for what belongs to no service") {
  const std::string path = config_test::folder() + "/good/full.yaml";
  const ConfigResult result =
      parse_config(config_test::read_text(path), path, config_test::surroundings());
  REQUIRE(result);
  const ServiceSettings& defaults = result->config.defaults;
  CHECK(defaults.headers.response.lines() == "Server: shop\r\nX-Env: 8081\r\n");
  CHECK(defaults.errors.find(502) != nullptr);
}
