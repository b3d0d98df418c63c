#include "upstream/route_table.h"

#include <doctest/doctest.h>

using namespace tealgate;

namespace {

// Services with hosts and paths and nothing else.
class Routes {
 public:
  Routes& add(const std::string& name, std::vector<std::string> hosts,
              std::vector<std::string> paths = {}) {
    Service service;
    service.name = name;
    service.hosts = std::move(hosts);
    service.paths = std::move(paths);
    services_.push_back(std::move(service));
    return *this;
  }
  std::string find(std::string_view authority, std::string_view path = "/") const {
    RouteTable table(services_);
    const Service* service = table.find(authority, path);
    return service != nullptr ? service->name : "none";
  }

 private:
  std::vector<Service> services_;
};

}  // namespace

TEST_CASE(
    "RouteTable: an exact host beats wildcards, the longest wildcard the others, those the rest") {
  Routes routes;
  routes.add("rest", {})
      .add("wide", {"*.example.com"})
      .add("narrow", {"*.shop.example.com"})
      .add("exact", {"eu.shop.example.com"});
  CHECK(routes.find("eu.shop.example.com") == "exact");
  CHECK(routes.find("us.shop.example.com") == "narrow");
  CHECK(routes.find("shop.example.com") == "wide");
  CHECK(routes.find("a.b.example.com") == "wide");
  CHECK(routes.find("example.com") == "rest");
  CHECK(routes.find("badexample.com") == "rest");
}

TEST_CASE("RouteTable: a host that no service has finds nothing") {
  Routes routes;
  routes.add("shop", {"shop.example.com", "*.shop.example.com"});
  CHECK(routes.find("other.example.com") == "none");
  CHECK(routes.find(".shop.example.com") == "none");
  CHECK(routes.find("") == "none");
}

TEST_CASE("RouteTable: case, port and a trailing dot of the host do not matter") {
  Routes routes;
  routes.add("shop", {"shop.example.com"}).add("six", {"[::1]"});
  CHECK(routes.find("Shop.EXAMPLE.com") == "shop");
  CHECK(routes.find("shop.example.com:8080") == "shop");
  CHECK(routes.find("shop.example.com.") == "shop");
  CHECK(routes.find("shop.example.com.:8080") == "shop");
  CHECK(routes.find("[::1]:8080") == "six");
}

TEST_CASE("RouteTable: the longest path prefix wins, on segment boundaries") {
  Routes routes;
  routes.add("all", {}, {"/"}).add("api", {}, {"/api"}).add("v2", {}, {"/api/v2", "/new/"});
  CHECK(routes.find("x", "/") == "all");
  CHECK(routes.find("x", "/apix") == "all");
  CHECK(routes.find("x", "/api") == "api");
  CHECK(routes.find("x", "/api/") == "api");
  CHECK(routes.find("x", "/api/v1") == "api");
  CHECK(routes.find("x", "/api/v22") == "api");
  CHECK(routes.find("x", "/api/v2") == "v2");
  CHECK(routes.find("x", "/api/v2/items") == "v2");
  CHECK(routes.find("x", "/new/thing") == "v2");
  CHECK(routes.find("x", "/new") == "all");
}

TEST_CASE("RouteTable: a path that no prefix fits finds nothing") {
  Routes routes;
  routes.add("api", {}, {"/api"});
  CHECK(routes.find("x", "/other") == "none");
}

TEST_CASE("RouteTable: a host without a fitting path leaves the request to a less specific host") {
  Routes routes;
  routes.add("rest", {}).add("api", {"shop.example.com"}, {"/api"});
  CHECK(routes.find("shop.example.com", "/api/x") == "api");
  CHECK(routes.find("shop.example.com", "/other") == "rest");
}

TEST_CASE("RouteTable: an asterisk target goes to the service of any path") {
  Routes routes;
  routes.add("all", {}, {"/"}).add("api", {}, {"/api"});
  CHECK(routes.find("x", "*") == "all");
}

TEST_CASE("RouteTable: hosts of several services share a wildcard") {
  Routes routes;
  routes.add("a", {"*.example.com"}, {"/a"}).add("b", {"*.example.com"}, {"/b", "/a/b"});
  CHECK(routes.find("x.example.com", "/a/c") == "a");
  CHECK(routes.find("x.example.com", "/a/b") == "b");
  CHECK(routes.find("x.example.com", "/b") == "b");
}

TEST_CASE("normalise_host: gives the name that is compared") {
  CHECK(normalise_host("Shop.Example.com.:8080") == "shop.example.com");
  CHECK(normalise_host("[2001:DB8::1]:80") == "[2001:db8::1]");
  CHECK(normalise_host("[::1]") == "[::1]");
  CHECK(normalise_host("10.0.0.1:80") == "10.0.0.1");
  CHECK(normalise_host("") == "");
  CHECK(normalise_host("[::1") == "[::1");
}
