// What good config files yield, and how a file that cannot be used at all is refused.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "control/config_surroundings.h"
#include "control/options.h"
#include "tests/unit/control/config_vocabulary.h"
#include "tests/unit/temp_folder.h"

using namespace tealgate;
using namespace std::chrono_literals;

namespace {

ParsedConfig parse(const std::string& text, const std::string& path = "conf/tealgate.yaml") {
  ConfigResult result = parse_config(text, path, config_test::surroundings());
  const std::string errors = result ? "" : render(result.error());
  REQUIRE_MESSAGE(result.has_value(), errors);
  return *std::move(result);
}

ParsedConfig parse_good(const std::string& name) {
  return parse(config_test::read_text(config_test::folder() + "/good/" + name));
}

// A whole config around one line of a service.
ServiceConfig service_with(const std::string& line) {
  return parse("listen: :80\nservices:\n  shop:\n    " + line +
               "\n    pools: {blue: ':8081', green: ':8082'}\n")
      .config.services.at(0);
}

std::string refusal(const std::string& path) {
  const ConfigResult result = load_config(path);
  REQUIRE(!result);
  REQUIRE(result.error().size() == 1);
  CHECK(result.error()[0].line == 0);
  return render(result.error());
}

// A folder for one test.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "config-test-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()));
    path_ = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path() const { return path_; }
  std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << content;
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("Config file: listen and one service with two pools suffice") {
  const ParsedConfig parsed = parse_good("minimal.yaml");
  const Config& config = parsed.config;
  CHECK(config.path == "conf/tealgate.yaml");
  REQUIRE(config.listeners.size() == 1);
  CHECK(config.listeners[0].address.to_string() == "0.0.0.0:80");
  CHECK(config.listeners[0].text == ":80");
  REQUIRE(config.services.size() == 1);
  const ServiceConfig& shop = config.services[0];
  CHECK(shop.pool_names() == std::vector<std::string>{"blue", "green"});
  CHECK(shop.pools[0].servers.at(0).address.to_string() == "127.0.0.1:8081");
  CHECK(shop.pools[0].servers.at(0).name == ":8081");
  CHECK(shop.initial.to_string() == "blue");
  CHECK(shop.hosts.empty());
  CHECK(config.workers == 0);
  CHECK(config.logs.access.empty());
  CHECK(config.shutdown_grace == 30s);
  CHECK(config.find_service("shop") == &shop);
  CHECK(config.find_service("blog") == nullptr);
}

TEST_CASE("Config file: health without a path is a TCP check and a warning too") {
  const ConfigResult parsed = parse_config(
      "version: 1\nlisten: :80\ndefaults: { health: { interval: 5s } }\n"
      "services: { shop: { pools: { blue: [\"10.0.0.1:80\"] } } }\n",
      "a.yaml", config_test::surroundings());
  REQUIRE(parsed);
  REQUIRE(parsed->warnings.size() == 1);
  CHECK(parsed->warnings[0].message ==
        "service \"shop\" has no path in its \"health\": gate: TCP connect only");
}

TEST_CASE("Config file: what is no regular file is refused, and holds nobody up") {
  const TempFolder folder;
  REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  CHECK(read_bounded_file(folder.file("pipe"), 100).error().message == "is not a regular file");
  CHECK(read_bounded_file(folder.file("."), 100).error().message == "is a folder, not a file");
}

TEST_CASE("Config file: a service without health is a TCP check and a warning") {
  const ParsedConfig parsed = parse_good("minimal.yaml");
  REQUIRE(parsed.warnings.size() == 1);
  CHECK(parsed.warnings[0].is_warning);
  CHECK(parsed.warnings[0].line == 3);
  CHECK(parsed.warnings[0].column == 3);
  CHECK(parsed.warnings[0].message == "service \"shop\" has no \"health\": gate: TCP connect only");
  CHECK_FALSE(parsed.config.services[0].has_health);
  CHECK(parsed.config.services[0].settings.health.kind == HealthSettings::Kind::Tcp);
}

TEST_CASE("Config file: every top-level key is read") {
  const ParsedConfig parsed = parse_good("full.yaml");
  CHECK(parsed.warnings.empty());
  const Config& config = parsed.config;
  REQUIRE(config.listeners.size() == 3);
  CHECK(config.listeners[1].address.to_string() == "[::1]:8080");
  CHECK(config.listeners[0].https_port == 0);
  CHECK(config.listeners[1].https_port == 8443);
  CHECK_FALSE(config.listeners[1].tls);
  CHECK(config.listeners[2].hsts == 365 * 24h);
  CHECK_FALSE(config.listeners[0].proxy_protocol);
  CHECK(config.listeners[1].proxy_protocol);
  CHECK(config.limits.connections == 5000);
  CHECK(config.limits.connections_per_address == 100);
  CHECK(config.limits.requests_per_connection == 1000);
  CHECK(config.limits.head_bytes == 16 * 1024);
  CHECK(config.limits.target_bytes == 8 * 1024);
  CHECK(config.limits.fields == 64);
  CHECK(config.workers == 4);
  REQUIRE(config.trusted_proxies.size() == 2);
  CHECK(config.trusted_proxies[0].to_string() == "10.0.0.0/8");
  CHECK(config.logs.access == "/var/log/tealgate/access.log");
  REQUIRE(config.control.sockets.size() == 2);
  CHECK(config.control.sockets[0].path == "/run/tealgate/control.sock");
  CHECK(config.control.sockets[0].role == Role::Admin);
  CHECK_FALSE(config.control.sockets[0].gid);
  CHECK_FALSE(config.control.sockets[0].services);
  CHECK(config.control.sockets[1].path == "/run/tealgate/deploy.sock");
  CHECK(config.control.sockets[1].gid == gid_t{4711});
  CHECK(config.control.sockets[1].role == Role::Deployer);
  CHECK(config.control.sockets[1].services == std::vector<std::string>{"shop"});
  CHECK(config.control.dashboard.written == ":9180");
  CHECK(config.control.dashboard.address.to_string() == "127.0.0.1:9180");
  CHECK(config.control.dashboard.hosts == std::vector<std::string>{"gate.example.com"});
  CHECK(config.control.dashboard.is_public);
  REQUIRE(config.control.dashboard.tokens.size() == 2);
  const DashboardToken& ann = config.control.dashboard.tokens[0];
  CHECK(ann.name == "ann");
  CHECK(ann.role == Role::Admin);
  CHECK(ann.sha256 == sha256("may-everything"));
  CHECK_FALSE(ann.services);
  const DashboardToken& ci = config.control.dashboard.tokens[1];
  CHECK(ci.role == Role::Deployer);
  CHECK(ci.services == std::vector<std::string>{"shop", "blog"});
  CHECK(config.control.state == "/var/lib/tealgate");
  CHECK(config.shutdown_grace == 45s);
}

TEST_CASE("Config file: every key of a service is read, on top of the defaults") {
  const ParsedConfig parsed = parse_good("full.yaml");
  const ServiceConfig& shop = parsed.config.services.at(0);
  CHECK(shop.hosts == std::vector<std::string>{"*.shop.example.com", "shop.example.com", "[::1]"});
  CHECK(shop.paths == std::vector<std::string>{"/api", "/assets"});
  const Timeouts& timeouts = shop.settings.timeouts;
  CHECK(timeouts.connect == 1s);
  CHECK(timeouts.request_head == 2s);
  CHECK(timeouts.request_body == 3s);
  CHECK(timeouts.response == 4s);
  CHECK(timeouts.between_bytes == 5s);
  CHECK(timeouts.write == 6s);
  CHECK(timeouts.stream == 7h);
  CHECK(timeouts.idle == 2min);
  CHECK(timeouts.exchange == 1h);
  CHECK(shop.settings.body.bytes == 10 * 1024 * 1024);
  CHECK(shop.settings.body.rate == 1024);
  CHECK(shop.settings.response_rate == 2 * 1024);
  CHECK(shop.settings.retries.attempts == 2);
  CHECK(shop.settings.retries.buffer_bytes == 1024 * 1024);
  CHECK(shop.settings.retries.on_timeout);
  CHECK(shop.settings.retries.on_statuses == std::vector<int>{503});
  CHECK(shop.settings.retries.budget_percent == 30);
  CHECK(shop.settings.retries.non_idempotent == RetrySettings::NonIdempotent::WithKey);
  CHECK(shop.settings.upgrades == std::vector<std::string>{"websocket", "tcp"});
  CHECK(shop.settings.switching.require_healthy_percent == 50);
  CHECK(shop.settings.switching.drain == 10min);
  CHECK(shop.settings.switching.stream_drain == 1h);
  CHECK(shop.settings.switching.stream_spread == 2min);
  CHECK(shop.initial.words() == std::vector<std::string>{"blue=10", "green=90"});
}

TEST_CASE("Config file: a pool is an address, a list, a map, or a list of maps") {
  const ParsedConfig parsed = parse_good("full.yaml");
  const std::vector<PoolConfig>& pools = parsed.config.services.at(0).pools;
  REQUIRE(pools.size() == 5);
  CHECK(pools[0].servers.at(1).name == "app1:8080");
  CHECK(pools[0].servers.at(1).address_text == "app1:8080");
  CHECK(pools[0].servers.at(1).address.to_string() == "10.9.9.9:8080");
  CHECK(pools[1].servers.at(0).weight == 1);
  CHECK(pools[1].servers.at(1).name == "big");
  CHECK(pools[1].servers.at(1).address_text == "[::1]:8080");
  CHECK(pools[1].servers.at(1).weight == 2);
  CHECK(pools[2].servers.at(0).address.to_string() == "127.0.0.1:9000");
  CHECK_FALSE(pools[2].tls);
}

TEST_CASE(
    "Config file: health as a path keeps the defaults' intervals and asks for the first plain "
    "host") {
  const HealthSettings health = parse_good("full.yaml").config.services.at(0).settings.health;
  CHECK(health.kind == HealthSettings::Kind::Http);
  CHECK(health.path == "/actuator/health/readiness");
  CHECK(health.host == "shop.example.com");
  CHECK(health.interval == 5s);
  CHECK(health.rise == 4);
}

TEST_CASE("Config file: every key of a health map is read") {
  const ParsedConfig parsed = parse_good("full.yaml");
  const ServiceConfig& blog = parsed.config.services.at(1);
  CHECK(blog.has_health);
  CHECK_MESSAGE(blog.paths.empty(), "/ is every path");
  const HealthSettings& health = blog.settings.health;
  CHECK(health.kind == HealthSettings::Kind::Http);
  CHECK(health.path == "/status?full=1");
  CHECK(health.host == "blog.internal:81");
  CHECK(health.port == 9001);
  CHECK(health.method == "OPTIONS");
  CHECK(health.timeout == 300ms);
  CHECK(health.fall == 5);
  CHECK(health.expect_body == "all good");
  REQUIRE(health.expect_status.size() == 3);
  CHECK(health.expect_status[0].high == 299);
  CHECK(health.expect_status[1].low == 301);
  CHECK(health.expect_status[2].low == 400);
  CHECK(health.expect_status[2].high == 404);
  CHECK(blog.initial.words() == std::vector<std::string>{"one", "two"});
}

TEST_CASE("Config file: health presets, none, and a map without HTTP keys") {
  CHECK(service_with("health: spring").settings.health.path == "/actuator/health/readiness");
  CHECK(service_with("health: rails").settings.health.path == "/up");
  CHECK(service_with("health: node").settings.health.path == "/health");
  const HealthSettings tomcat = service_with("health: tomcat").settings.health;
  CHECK(tomcat.kind == HealthSettings::Kind::Http);
  CHECK(tomcat.expect_status.at(0).high == 399);
  CHECK(service_with("health: none").settings.health.kind == HealthSettings::Kind::None);
  const HealthSettings tcp = service_with("health: {port: 9, interval: 1s}").settings.health;
  CHECK(tcp.kind == HealthSettings::Kind::Tcp);
  CHECK(tcp.port == 9);
  CHECK(service_with("health: {expect: {body: ok}}").settings.health.kind ==
        HealthSettings::Kind::Http);
}

TEST_CASE("Config file: a longer drain takes stream_drain along unless that was set") {
  CHECK(service_with("switch: {drain: 20m}").settings.switching.stream_drain == 20min);
  CHECK(service_with("switch: {drain: 1m}").settings.switching.stream_drain == 5min);
}

TEST_CASE("Config file: variables and files stand in scalars") {
  const Config config = parse_good("substitution.yaml").config;
  CHECK(config.listeners.at(0).text == ":80");
  CHECK(config.workers == 3);
  CHECK(config.logs.access == "/var/log/${literal}/a b.log");
  CHECK(config.services.at(0).settings.health.expect_body == config_test::kSecret);
  CHECK(config.services.at(0).pools[0].servers.at(0).address.port() == 8081);
  CHECK(config.services.at(0).pools[1].servers.at(0).address.port() == 8082);
}

TEST_CASE("Config file: a byte order mark and DOS line ends are taken") {
  CHECK(parse_good("dos.yaml").config.services.size() == 1);
  const ConfigResult broken = parse_config("\xef\xbb\xbfworkers: x\r\n", "a.yaml");
  REQUIRE(!broken);
  const auto wrong = std::ranges::find(broken.error(), 10, &Diagnostic::column);
  REQUIRE(wrong != broken.error().end());
  CHECK(wrong->source_line == "workers: x");
}

TEST_CASE("Config file: words that YAML takes for booleans or nothing stay words") {
  const ServiceConfig service =
      parse(
          "listen: :80\nservices:\n  yes:\n    hosts: [no, on]\n    health: none\n"
          "    pools: {off: {address: ':1', name: 010}, 'null': ':2'}\n")
          .config.services.at(0);
  CHECK(service.name == "yes");
  CHECK(service.hosts == std::vector<std::string>{"no", "on"});
  CHECK(service.pool_names() == std::vector<std::string>{"off", "null"});
  CHECK(service.pools[0].servers.at(0).name == "010");
}

TEST_CASE("Config file: the same address under two names is a warning") {
  const ParsedConfig parsed = parse(
      "listen: :80\nservices:\n  shop:\n    health: none\n"
      "    pools: {blue: ':8081', green: '127.0.0.1:8081'}\n");
  REQUIRE(parsed.warnings.size() == 1);
  CHECK(parsed.warnings[0].message ==
        "\"127.0.0.1:8081\" has the address of server \":8081\" in pool \"blue\" on line 5");
}

TEST_CASE("Config file: a dashboard that nobody can read is a warning") {
  const std::string rest = "listen: :80\nservices: {shop: {health: none, pools: {blue: ':1'}}}\n";
  const std::string token = "[{name: a, sha256: " + std::string(64, 'a') + "}]";
  CHECK(parse(rest + "control: {dashboard: '0.0.0.0:9180'}").warnings.size() == 1);
  CHECK(parse(rest + "control: {dashboard: {address: '0.0.0.0:9180'}}").warnings.size() == 1);
  CHECK(parse(rest + "control: {dashboard: {address: '0.0.0.0:9180', public: true}}")
            .warnings.empty());
  CHECK(parse(rest + "control: {dashboard: {address: '0.0.0.0:9180', tokens: " + token + "}}")
            .warnings.empty());
  CHECK(parse(rest + "control: {dashboard: '[::1]:9180'}").warnings.empty());
}

TEST_CASE("Config file: several listeners on port 0 are several ports") {
  const std::string rest = "services: {shop: {health: none, pools: {blue: ':1'}}}\n";
  CHECK(parse("listen: ['127.0.0.1:0', '127.0.0.1:0']\n" + rest).config.listeners.size() == 2);
}

TEST_CASE("Config file: what differs and needs a restart is named") {
  const Config running = parse_good("full.yaml").config;
  CHECK(keys_needing_restart(running, running).empty());
  Config wanted = running;
  wanted.workers = 9;
  wanted.logs.access = "off";
  wanted.logs.format = AccessLogFormat::Combined;
  wanted.control.dashboard.written = ":1";
  wanted.control.state = "/var/other";
  wanted.shutdown_grace = 1s;
  std::vector<std::string> named = keys_needing_restart(running, wanted);
  std::vector<std::string> in_table;
  for (const Option& option : options())
    if (option.needs_restart) in_table.emplace_back(option.key);
  std::ranges::sort(named);
  std::ranges::sort(in_table);
  CHECK(named == in_table);
}

TEST_CASE("Config file: what is no usable file is refused in one sentence") {
  const Folder folder;
  const std::string missing = folder.path() + "/missing.yaml";
  CHECK(refusal(missing) ==
        missing + ": error: the config file cannot be read: No such file or directory\n");
  CHECK(refusal(folder.path()).find("is a folder, not a file") != std::string::npos);
  CHECK(refusal("/dev/zero").find("is not a regular file") != std::string::npos);
  CHECK(refusal(folder.file("empty", "")).find("is empty") != std::string::npos);
  CHECK(refusal(folder.file("comments", "# a\n\n  # b\n")).find("is empty") != std::string::npos);
  CHECK(refusal(folder.file("binary", std::string("\x7f"
                                                  "ELF\0\0",
                                                  6)))
            .find("binary file") != std::string::npos);
  CHECK(refusal(folder.file("utf16", std::string("\xff\xfel\0", 4))).find("UTF-16") !=
        std::string::npos);
  CHECK(
      refusal(folder.file("large", std::string(10 * 1024 * 1024, '#'))).find("larger than 1 MiB") !=
      std::string::npos);
  if (geteuid() != 0) {
    const std::string locked = folder.file("locked", "listen: :80\n");
    chmod(locked.c_str(), 0);
    CHECK(refusal(locked).find("Permission denied") != std::string::npos);
  }
}
