#include "control/cli/split_words.h"

#include <doctest/doctest.h>

using namespace tealgate;
using tealgate::cli::split_words;
using Words = std::vector<std::string>;

TEST_CASE("Split words: blanks divide, quotes keep together") {
  const auto words = [](std::string_view line) { return split_words(line).value(); };
  CHECK(words("").empty());
  CHECK(words(" \t ").empty());
  CHECK(words("switch green") == Words{"switch", "green"});
  CHECK(words("  a\t\tb  ") == Words{"a", "b"});
  CHECK(words("--reason 'two words'") == Words{"--reason", "two words"});
  CHECK(words("--reason \"two words\"") == Words{"--reason", "two words"});
  CHECK(words("--reason='two words'x") == Words{"--reason=two wordsx"});
  CHECK(words("a '' \"\" b") == Words{"a", "", "", "b"});
  CHECK(words("'a''b'") == Words{"ab"});
  CHECK(words("blue=90 green=10 100% a/b a,b a:1 x@y a+b a_b-c.d") ==
        Words{"blue=90", "green=10", "100%", "a/b", "a,b", "a:1", "x@y", "a+b", "a_b-c.d"});
  CHECK(words("fix#12 a~b") == Words{"fix#12", "a~b"});
  CHECK(words("grün") == Words{"grün"});
}

TEST_CASE("Split words: quotes take what a shell acts on as it stands") {
  CHECK(split_words("'; rm -rf / & $(x) `y` \\ < > * ? # ~ !'").value() ==
        Words{"; rm -rf / & $(x) `y` \\ < > * ? # ~ !"});
  CHECK(split_words("'\"'").value() == Words{"\""});
  CHECK(split_words("\"it's; (fine) & well\"").value() == Words{"it's; (fine) & well"});
}

TEST_CASE("Split words: what a shell would act on is refused") {
  for (const char c : std::string_view(";|&$\\`<>()*?[]{}!^")) {
    for (const std::string& line :
         {std::string{"status"} + c, std::string{c} + "status", std::string{"status "} + c + " x",
          std::string{"status a"} + c + "b", std::string{"'a'"} + c + "'b'"}) {
      CAPTURE(line);
      const auto words = split_words(line);
      REQUIRE_FALSE(words);
      CHECK(words.error().message.find("no shell reads this line") == 0);
      CHECK(words.error().message.find(c) != std::string::npos);
    }
  }
  for (const char* line : {"status; id",
                           "status && id",
                           "status || id",
                           "status & id",
                           "status | sh",
                           "$(id)",
                           "switch $(id)",
                           "`id`",
                           "status > /etc/passwd",
                           "status < /etc/shadow",
                           "status $HOME",
                           "status ${IFS}x",
                           "switch *",
                           "switch gre?n",
                           "switch {blue,green}",
                           "~/x",
                           "status # id",
                           "\"$(id)\"",
                           "\"`id`\"",
                           "\"a\\\"",
                           "a\\ b",
                           "$'a'",
                           "<(id)",
                           "!!",
                           "a'b;c",
                           "\"a;b",
                           "'"}) {
    CAPTURE(line);
    CHECK_FALSE(split_words(line));
  }
}

TEST_CASE("Split words: control characters and what is no UTF-8 are refused, in quotes too") {
  for (int c = 0; c < 0x20; ++c) {
    if (c == '\t') continue;
    CAPTURE(c);
    CHECK_FALSE(split_words(std::string{"a"} + static_cast<char>(c) + "b"));
    CHECK_FALSE(split_words(std::string{"'a"} + static_cast<char>(c) + "b'"));
  }
  CHECK_FALSE(split_words("a\x7f"));
  CHECK_FALSE(split_words("status\nid"));
  CHECK(split_words("a\xff b").error().message == "the line is not valid UTF-8");
  CHECK_FALSE(split_words("'gr\xfcn'"));
  CHECK_FALSE(split_words("a\xe2\x82"));
  CHECK_FALSE(split_words("\xed\xa0\x80"));
  CHECK(split_words("'").error().message == "a quotation mark ' is not closed");
  CHECK_FALSE(split_words(std::string(cli::kLongestLine + 1, 'a')));
  CHECK(split_words(std::string(cli::kLongestLine, 'a')));
}
