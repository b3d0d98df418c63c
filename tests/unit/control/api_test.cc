#include "control/api.h"

#include <sys/stat.h>

#include <regex>
#include <set>

#include "control/cli/requests.h"
#include "unit/control/api_vocabulary.h"

using namespace tealgate;
using namespace tealgate::api_test;
using namespace std::chrono_literals;

TEST_CASE("API: a switch streams its progress and ends with its result") {
  Served served;
  auto client = served.post("/v1/services/shop/switch",
                            {{"to", {"green"}}, {"by", "ci"}, {"reason", "why"}, {"label", "v2"}});
  CHECK(client->status() == 200);
  CHECK(client->heard("decided"));
  CHECK(client->heard("announced"));
  CHECK(client->result()["ok"] == true);
  CHECK(client->result()["to"] == Json{"green"});
  CHECK(client->lines.back() == client->result());
  CHECK(served.deploy.routed() == "green");
  CHECK(served.deploy.shop().decided.by == "ci");
  CHECK(served.deploy.shop().decided.label == "v2");
}

TEST_CASE("API: who claims no name is known by the socket's credentials") {
  Served served;
  served.post("/v1/services/shop/switch", {{"to", {"green"}}});
  CHECK(served.deploy.shop().decided.by == "uid " + std::to_string(::getuid()));
}

TEST_CASE("API: what is refused at once has its HTTP status and is one object") {
  Served served;
  served.deploy.health("green", Health::Down);
  auto conflict = served.post("/v1/services/shop/switch", {{"to", {"green"}}, {"if_revision", 99}});
  check_refused(*conflict, 409, "conflict", 5);
  check_refused(*served.post("/v1/services/nope/switch", {{"to", {"green"}}}), 404, "unknown", 2);
  check_refused(*served.post("/v1/services/shop/switch", {{"to", {"red"}}}), 404, "unknown", 2);
  check_refused(*served.get("/v1/services/shap"), 404, "unknown", 2);
  check_refused(*served.get("/v1/operations/none"), 404, "unknown", 2);
  check_refused(*served.get("/v1/operations/none?wait=1"), 404, "unknown", 2);
  check_refused(*served.get("/v1/nothing"), 404, "unknown", 2);
  check_refused(*served.get("/v1/reload"), 405, "method_not_allowed", 2);
  check_refused(*served.ask("POST", "/v1/status"), 405, "method_not_allowed", 2);
}

TEST_CASE("API: a body must be an object of known fields with sound values") {
  Served served;
  const std::string path = "/v1/services/shop/switch";
  for (const char* body :
       {"{", "[]", "7", "{\"to\":[]}", "{}", "{\"to\":\"green\"}", "{\"to\":[7]}",
        R"({"to":["green"],"colour":1})", R"({"to":["green"],"drain":"30"})",
        R"({"to":["green"],"drain":30})", R"({"to":["green"],"require_healthy":"half"})",
        R"({"to":["green"],"until":"later"})", R"({"to":["green"],"force":"yes"})",
        R"({"to":["green"],"if_revision":-1})", R"({"to":["green"],"operation":"a b"})"}) {
    CAPTURE(body);
    check_refused(*served.ask("POST", path, body), 400, "usage", 2);
  }
  auto slip = served.ask("POST", path, R"({"to":["green"],"lable":"v2"})");
  CHECK(slip->result()["error"]["message"] == "unknown field \"lable\"; did you mean \"label\"?");
  CHECK(served.deploy.routed() == "blue");
}

TEST_CASE("API: a body larger than 64 KiB is refused, and the daemon lives on") {
  Served served;
  const std::string large = "{\"reason\":\"" + std::string(200 * 1024, 'x') + "\"}";
  auto client = served.begin("POST", "/v1/reload", large);
  served.deploy.until([&] { return client->is_over(); });
  if (client->conversation.answer().outcome == cli::Answer::Outcome::Answered) {
    check_refused(*client, 400, "usage", 2);
  }
  CHECK(served.get("/v1/version")->result()["pid"] == 7);
}

TEST_CASE("API: an operation can be asked after and waited for") {
  Served served;
  served.post("/v1/services/shop/switch", {{"to", {"green"}}, {"operation", "op-1"}});
  auto asked = served.get("/v1/operations/op-1");
  CHECK(asked->result()["operation"]["phase"] == "finished");
  auto waited = served.get("/v1/operations/op-1?wait=1");
  CHECK(waited->result()["operation"] == "op-1");
  CHECK(waited->result()["ok"] == true);
}

TEST_CASE("API: a client that leaves before the decision gives its switch up") {
  Served served;
  served.deploy.health("green", Health::Down);
  auto client = served.begin("POST", "/v1/services/shop/switch",
                             R"({"to":["green"],"healthy_within":"1h","operation":"op-1"})");
  served.deploy.until([&] { return client->heard("gate"); });
  CHECK(served.deploy.control->running_operation("shop").has_value());
  client.reset();
  served.deploy.until([&] { return !served.deploy.control->running_operation("shop"); });
  CHECK(served.deploy.routed() == "blue");
}

TEST_CASE("API: a held lock lives as long as its connection") {
  Served served;
  auto holder =
      served.begin("POST", "/v1/services/shop/lock", R"({"hold":true,"by":"ann","reason":"db"})");
  served.deploy.until([&] { return holder->heard("locked"); });
  const std::string token = holder->lines.back()["lock"];
  CHECK_FALSE(token.empty());
  check_refused(*served.post("/v1/services/shop/switch", {{"to", {"green"}}}), 409, "conflict", 5);
  CHECK(served.get("/v1/services/shop")->result()["lock"]["holder"] == "ann");
  auto with_token = served.post("/v1/services/shop/switch", {{"to", {"green"}}, {"lock", token}});
  CHECK(with_token->result()["ok"] == true);
  served.post("/v1/services/shop/unlock", {{"lock", token}});
  served.deploy.until([&] { return holder->is_over(); });
  CHECK(served.get("/v1/services/shop")->result()["lock"] == nullptr);
}

TEST_CASE("API: a held lock ends with its client, before the next heartbeat would tell") {
  Served served;
  auto holder = served.begin("POST", "/v1/services/shop/lock", R"({"hold":true})");
  served.deploy.until([&] { return holder->heard("locked"); });
  const TimePoint left = Clock::now();
  holder.reset();
  served.deploy.until([&] { return !served.deploy.shop().lock.has_value(); });
  CHECK(Clock::now() - left < ApiExchange::kHeartbeat / 2);
}

TEST_CASE("API: server states, waits, rollback, history and reload are carried out") {
  Served served;
  auto drained = served.post("/v1/services/shop/pools/green/servers/10.0.0.22:80/state",
                             {{"state", "drain"}, {"until", "drained"}});
  CHECK(drained->result()["state"] == "drain");
  check_refused(
      *served.post("/v1/services/shop/pools/green/servers/nobody/state", {{"state", "drain"}}), 404,
      "unknown", 2);
  check_refused(
      *served.post("/v1/services/shop/pools/green/servers/10.0.0.22:80/state", {{"state", "gone"}}),
      400, "usage", 2);
  served.post("/v1/services/shop/pools/green/servers/10.0.0.22%3A80/state", {{"state", "ready"}});

  auto waited = served.post("/v1/services/shop/wait", {{"pool", "green"}, {"healthy", "2"}});
  CHECK(waited->result()["up"] == 2);
  CHECK(waited->result()["of"] == 2);

  served.post("/v1/services/shop/switch", {{"to", {"green"}}});
  CHECK(served.post("/v1/services/shop/rollback", Json::object())->result()["to"] == Json{"blue"});

  auto history = served.get("/v1/history?service=shop&limit=2");
  CHECK(history->result()["entries"].size() == 2);
  check_refused(*served.get("/v1/history?limit=none"), 400, "usage", 2);
  check_refused(*served.get("/v1/history?service=nope"), 404, "unknown", 2);

  served.deploy.next_config = served.deploy.config;
  CHECK(served.ask("POST", "/v1/reload")->result()["ok"] == true);
}

TEST_CASE("API: version and health are told") {
  Served served;
  CHECK(served.get("/v1/version")->result() ==
        Json{{"ok", true}, {"version", "0.1.0"}, {"pid", 7}, {"api", 1}});
  CHECK(served.get("/healthz")->conversation.answer().body == "ok\n");
}

TEST_CASE("Control socket: it belongs to owner and group, and goes with its owner") {
  Served served;
  struct stat file {};
  REQUIRE(::stat(served.path.c_str(), &file) == 0);
  CHECK((file.st_mode & 0777) == 0660);
  served.socket.reset();
  CHECK(::stat(served.path.c_str(), &file) != 0);
}

TEST_CASE("Control socket: a live daemon's socket is left alone") {
  Served served;
  CHECK_FALSE(ControlSocket::open(served.deploy.loop, served.settings, served.api).has_value());
  CHECK(served.get("/v1/version")->status() == 200);
}

TEST_CASE("API: docs/control-api.md names every endpoint, and no other") {
  const std::string text = document("control-api.md");
  const std::regex endpoint("`(GET|POST) (/[^`? ]*)");
  std::set<std::string> documented;
  for (std::sregex_iterator match(text.begin(), text.end(), endpoint), end; match != end; ++match) {
    documented.insert((*match)[1].str() + " " + (*match)[2].str());
  }
  std::set<std::string> all;
  for (const Api::Endpoint& each : Api::endpoints()) all.insert(each.name);
  CHECK(documented == all);
}

TEST_CASE("API: docs/control-api.md names every error code with its exit and status") {
  const std::string text = document("control-api.md");
  for (int code = 0; code <= static_cast<int>(ErrorCode::Internal); ++code) {
    const ErrorRow& row = error_row(static_cast<ErrorCode>(code));
    const std::string line = "| " + std::string(row.name) + " | " + std::to_string(row.exit) +
                             " | " + std::to_string(row.http_status) + " |";
    CHECK_MESSAGE(text.find(line) != std::string::npos, line);
  }
}
