// Every broken file of tests/config/broken yields exactly the errors that its first lines expect:
//   # expect: LINE:COLUMN words of the message | words of the hint
#include "control/config_file.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/unit/control/config_vocabulary.h"

using namespace tealgate;

namespace {

struct Expectation {
  int line = 0;
  int column = 0;
  std::string message;
  std::string hint;
};

std::vector<Expectation> expectations_of(const std::string& text) {
  std::vector<Expectation> expected;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && line.starts_with("# expect: ");) {
    std::istringstream words(line.substr(10));
    Expectation one;
    char colon = 0;
    words >> one.line >> colon >> one.column;
    words.ignore(1);
    std::getline(words, one.message);
    if (const std::size_t bar = one.message.find(" | "); bar != std::string::npos) {
      one.hint = one.message.substr(bar + 3);
      one.message.resize(bar);
    }
    expected.push_back(one);
  }
  return expected;
}

std::vector<Diagnostic> errors_only(std::vector<Diagnostic> found) {
  std::erase_if(found, [](const Diagnostic& one) { return one.is_warning; });
  return found;
}

void check_broken(const std::string& text, const std::string& path) {
  const ConfigResult result = parse_config(text, path, config_test::surroundings());
  CHECK_MESSAGE(!result, "accepted");
  if (result) return;
  const std::string shown = render(result.error());
  INFO(shown);
  const std::vector<Expectation> expected = expectations_of(text);
  const std::vector<Diagnostic> found = errors_only(result.error());
  CHECK(found.size() == expected.size());
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    CHECK(found[i].line == expected[i].line);
    CHECK(found[i].column == expected[i].column);
    CHECK_MESSAGE(found[i].message.find(expected[i].message) != std::string::npos,
                  expected[i].message);
    CHECK_MESSAGE(found[i].hint.find(expected[i].hint) != std::string::npos, expected[i].hint);
  }
  CHECK_MESSAGE(shown.find(config_test::kSecret) == std::string::npos, "shows a secret");
}

}  // namespace

TEST_CASE("Config file: each broken file is refused with the expected errors and no other") {
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(config_test::folder() + "/broken")) {
    const std::string name = file.path().filename();
    INFO(name);
    const std::string text = config_test::read_text(file.path());
    CHECK_MESSAGE(!expectations_of(text).empty(), "has no expectation");
    check_broken(text, name);
    ++files;
  }
  CHECK(files >= 70);
}

TEST_CASE("Config surroundings: the number by which chown(2) means no group is none") {
  const ConfigSurroundings real = ConfigSurroundings::real();
  CHECK(real.group("0").value() == 0);
  CHECK(real.group("4294967294").value() == 4294967294);
  for (const char* number : {"4294967295", "4294967296", "-1"}) {
    CAPTURE(std::string(number));
    CHECK_FALSE(real.group(number));
  }
}
