#include "control/access.h"

#include <regex>
#include <set>

#include "unit/control/api_vocabulary.h"

using namespace tealgate;
using namespace tealgate::api_test;

namespace {

// All that can be given.
constexpr Role kRoles[] = {Role::Viewer, Role::Deployer, Role::Admin};

Access access(Role role, std::vector<std::string> services) {
  return {role, std::move(services), "/run/x.sock"};
}

Access asked(const Access& has, std::optional<std::string_view> role,
             std::optional<std::string_view> services = {}) {
  const auto left = lowered(has, {role, services});
  REQUIRE(left);
  return *left;
}

void give(Served& served, Role role) {
  ControlSocketConfig settings = served.settings;
  settings.role = role;
  served.socket->change(settings);
}

// "/v1/services/{s}/switch" → "/v1/services/shop/switch".
std::string with_names(std::string path) {
  path = std::regex_replace(path, std::regex("\\{s\\}"), "shop");
  return std::regex_replace(path, std::regex("\\{[a-z]+\\}"), "blue");
}

}  // namespace

TEST_CASE("Access: every endpoint takes its role, and answers no lower one") {
  Served served;
  for (const Api::Endpoint& endpoint : Api::endpoints()) {
    const std::size_t space = endpoint.name.find(' ');
    if (endpoint.name == "GET /v1/events") continue;  // has no end, and no role is below viewer
    const std::string method = endpoint.name.substr(0, space);
    for (const Role role : kRoles) {
      CAPTURE(endpoint.name);
      CAPTURE(std::string(to_string(role)));
      give(served, role);
      // A body that no endpoint takes: nothing is done, and what is permitted is told 400.
      const auto client = served.ask(method, with_names(endpoint.name.substr(space + 1)),
                                     method == "POST" ? "{\"nonsense\":1}" : "");
      CHECK((client->status() == 403) == (role < endpoint.role));
      if (client->status() == 403) check_refused(*client, 403, "forbidden", 8);
    }
  }
}

TEST_CASE("Access: docs/control-api.md has the role of every endpoint") {
  const std::string text = document("control-api.md");
  const std::regex row("\n\\| `((?:GET|POST) [^`]*)` \\| ([a-z]+) \\|");
  std::set<std::string> documented, existing;
  for (std::sregex_iterator match(text.begin(), text.end(), row), end; match != end; ++match)
    documented.insert((*match)[1].str() + " " + (*match)[2].str());
  for (const Api::Endpoint& endpoint : Api::endpoints())
    existing.insert(endpoint.name + " " + std::string(to_string(endpoint.role)));
  CHECK(documented == existing);
}

TEST_CASE("Access: metrics, which name all services, are for those who may see all") {
  Served served;
  CHECK(served.get("/metrics")->status() == 200);
  served.fields = "X-Tealgate-Services: shop\r\n";
  check_refused(*served.get("/metrics"), 403, "forbidden", 8);
}

TEST_CASE("Access: only an admin may force anything") {
  Served served;
  served.deploy.health("green", Health::Down);
  give(served, Role::Deployer);
  const Json forced = {{"to", {"green"}}, {"force", true}};
  const auto refused = served.post("/v1/services/shop/switch", forced);
  check_refused(*refused, 403, "forbidden", 8);
  CHECK(refused->result()["error"]["message"] ==
        "\"force\" takes the role admin; " + served.path + " gives deployer");
  check_refused(*served.post("/v1/services/shop/unlock", {{"force", true}}), 403, "forbidden", 8);
  CHECK(served.deploy.routed() == "blue");
  CHECK(served.post("/v1/services/shop/unlock", {{"force", false}})->status() == 200);
  give(served, Role::Admin);
  CHECK(served.post("/v1/services/shop/switch", forced)->status() == 200);
}

TEST_CASE("Access: a request gives up what it says, and gets nothing that it had not") {
  Served served;
  served.fields = "X-Tealgate-Role: viewer\r\n";
  check_refused(*served.post("/v1/services/shop/lock", Json::object()), 403, "forbidden", 8);
  served.fields = "X-Tealgate-Role: deployer\r\nX-Tealgate-Services: blog,shop\r\n";
  CHECK(served.post("/v1/services/shop/unlock", Json::object())->status() == 200);
  served.fields = "x-tealgate-services: blog\r\n";
  check_refused(*served.get("/v1/services/shop"), 403, "forbidden", 8);
  check_refused(*served.post("/v1/reload", Json::object()), 403, "forbidden", 8);
  CHECK(served.get("/v1/status")->result()["services"].empty());
  served.fields = "X-Tealgate-Role: root\r\n";
  check_refused(*served.get("/v1/status"), 400, "usage", 2);
  give(served, Role::Viewer);
  served.fields = "X-Tealgate-Role: admin\r\n";
  check_refused(*served.post("/v1/services/shop/lock", Json::object()), 403, "forbidden", 8);
}

TEST_CASE("Access: lowering is never raising") {
  for (const Role has : kRoles) {
    for (const Role wanted : kRoles)
      CHECK(asked({has, {}, ""}, to_string(wanted)).role == std::min(has, wanted));
  }
  CHECK(asked({Role::Admin, {}, ""}, {}, "shop,blog").services ==
        std::vector<std::string>{"shop", "blog"});
  CHECK(asked(access(Role::Admin, {"shop"}), {}, "shop,blog").services ==
        std::vector<std::string>{"shop"});
  CHECK(asked(access(Role::Admin, {"shop"}), {}, "").services == std::vector<std::string>());
  CHECK(asked({Role::Admin, {}, ""}, {}, ",,").services == std::vector<std::string>());
  CHECK_FALSE(asked({Role::Admin, {}, ""}, "admin").services);
  CHECK(lowered({}, {"Admin", {}}).error().hint == "did you mean admin?");
}

TEST_CASE("Access: a refusal names what it takes and what one has, and no service beside it") {
  const Access limited = access(Role::Deployer, {"shop", "blog"});
  const auto message = [&](const Demand& demand) { return refusal(limited, demand)->message; };
  CHECK(message({"POST /v1/reload", Role::Admin}) ==
        "POST /v1/reload takes the role admin; /run/x.sock gives deployer");
  CHECK(message({"…", Role::Viewer, "billing"}) == "/run/x.sock gives shop, blog, not \"billing\"");
  CHECK(refusal(limited, {"…", Role::Viewer, "shpo"})->hint == "did you mean shop?");
  CHECK_FALSE(refusal(limited, {"…", Role::Deployer, "shop"}));
  CHECK_FALSE(refusal(limited, {"…", Role::Viewer}));
  CHECK(
      refusal(access(Role::Admin, {"shop"}), {"POST /v1/reload", Role::Admin, {}, true})->message ==
      "POST /v1/reload takes all services; /run/x.sock gives shop");
  CHECK(refusal(access(Role::Admin, {}), {"…", Role::Viewer, "shop"})->message ==
        "/run/x.sock gives no service, not \"shop\"");
}

TEST_CASE("Access: a field of what is given up that is there twice is refused") {
  Served served;
  for (const char* fields :
       {"X-Tealgate-Role: viewer\r\nX-Tealgate-Role: admin\r\n",
        "X-Tealgate-Role: viewer\r\nx-tealgate-role: viewer\r\n",
        "X-Tealgate-Services: blog\r\nX-Tealgate-Role: admin\r\nX-Tealgate-Services: shop\r\n",
        "X-Tealgate-Services:\r\nX-Tealgate-Services: shop\r\n"}) {
    CAPTURE(std::string(fields));
    served.fields = fields;
    const auto refused = served.get("/v1/status");
    check_refused(*refused, 400, "usage", 2);
    CHECK(refused->result()["error"]["message"].get<std::string>().ends_with(" is there twice"));
  }
}

TEST_CASE("Access: whether others have an operation of an id is not told") {
  Config config = shop_config();
  config.services.push_back(config.services.front());
  config.services.back().name = "blog";
  Served served(config);
  const Json asked = {{"to", {"green"}}, {"operation", "release-7"}};
  CHECK(served.post("/v1/services/blog/switch", asked)->status() == 200);
  served.fields = "X-Tealgate-Services: shop\r\n";
  check_refused(*served.get("/v1/operations/release-7"), 404, "unknown", 2);
  check_refused(*served.get("/v1/operations/release-7?service=blog"), 403, "forbidden", 8);
  CHECK(served.post("/v1/services/shop/switch", asked)->result()["service"] == "shop");
  CHECK(served.get("/v1/operations/release-7")->result()["operation"]["service"] == "shop");
  served.fields = "";
  const auto both = served.get("/v1/operations/release-7");
  check_refused(*both, 400, "usage", 2);
  CHECK(both->result()["error"]["message"] ==
        "blog, shop each have an operation \"release-7\": name the one meant");
  for (const std::string service : {"shop", "blog"}) {
    const std::string path = "/v1/operations/release-7?wait=1&service=" + service;
    CHECK(served.get(path)->result()["service"] == service);
  }
  check_refused(*served.get("/v1/operations/release-7?service=nope"), 404, "unknown", 2);
}
