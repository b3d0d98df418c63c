// Config files that are no text, or that are made to take long.
#include "control/config_text.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/control/config_vocabulary.h"

using namespace tealgate;

TEST_CASE("Config file: bytes that are no text are refused where they stand") {
  struct Bad {
    std::string text;
    int line, column;
    std::string message;
  };
  const std::vector<Bad> all = {
      {"listen: :80\nworkers: \xff\n", 2, 10, "not valid UTF-8: byte 0xff"},
      {"a: \xc3\xa4\xc3\xa4\xc0\xaf\n", 1, 6, "not valid UTF-8: byte 0xc0"},
      {"a: \xed\xa0\x80\n", 1, 4, "not valid UTF-8: byte 0xed"},
      {"a: \xf4\x90\x80\x80\n", 1, 4, "not valid UTF-8: byte 0xf4"},
      {"a: \xe2\x82", 1, 4, "not valid UTF-8: byte 0xe2"},
      {"a: \x01\n", 1, 4, "a control character: byte 0x01"},
      {"a: b\rc: d\n", 1, 5, "a control character: byte 0x0d"},
  };
  for (const Bad& bad : all) {
    const ConfigResult result = parse_config(bad.text, "a.yaml", config_test::surroundings());
    REQUIRE(!result);
    REQUIRE(result.error().size() == 1);
    CHECK(result.error()[0].line == bad.line);
    CHECK(result.error()[0].column == bad.column);
    CHECK(result.error()[0].message == bad.message);
  }
}

TEST_CASE("Config file: large and deep files end quickly, with an error") {
  const std::string nodes(900'000, 'x');
  std::string list = "listen: [";
  for (int i = 0; i < 150'000; ++i) list += "a,";
  std::string deep;
  for (int i = 0; i < 400; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  const std::vector<std::string> texts = {list + "]\n",
                                          deep,
                                          std::string(200'000, '['),
                                          std::string(200'000, '{'),
                                          "listen: " + nodes + "\n",
                                          std::string(300'000, '-'),
                                          "a: &a [*a,*a]\n"};
  for (const std::string& text : texts) {
    CHECK_FALSE(parse_config(text, "a.yaml", config_test::surroundings()));
  }
}
