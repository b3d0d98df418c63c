#include "control/cli/split_words.h"

#include "base/utf8.h"

namespace tealgate::cli {
namespace {

// What a shell acts on, outside of quotes and within double ones.
constexpr std::string_view kActive = ";|&$\\`<>()*?[]{}!^";
constexpr std::string_view kActiveInQuotes = "$\\`";
// ~ and # mean something at the beginning of a word only.
constexpr std::string_view kActiveAtBegin = "~#";

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

class Splitter {
 public:
  Result<std::vector<std::string>> split(std::string_view line) {
    for (const char c : line) {
      if (is_control(c)) return error("a line break or another control character is in the line");
      if (quote_ != 0) {
        if (const std::string why = take_quoted(c); !why.empty()) return error("{}", why);
      } else if (const std::string why = take_plain(c); !why.empty()) {
        return error("{}", why);
      }
    }
    if (quote_ != 0) return error("a quotation mark {} is not closed", quote_);
    end_word();
    return std::move(words_);
  }

 private:
  static std::string complaint(char c) {
    return fmt::format(
        "no shell reads this line, and {} has no meaning in it; put it in '…' if it "
        "belongs to a word",
        c);
  }

  std::string take_plain(char c) {
    if (c == ' ' || c == '\t') {
      end_word();
    } else if (c == '\'' || c == '"') {
      quote_ = c;
      is_in_word_ = true;
    } else if (kActive.find(c) != std::string_view::npos ||
               (!is_in_word_ && kActiveAtBegin.find(c) != std::string_view::npos)) {
      return complaint(c);
    } else {
      is_in_word_ = true;
      word_ += c;
    }
    return "";
  }

  std::string take_quoted(char c) {
    if (c == quote_) {
      quote_ = 0;
    } else if (quote_ == '"' && kActiveInQuotes.find(c) != std::string_view::npos) {
      return complaint(c);
    } else {
      word_ += c;
    }
    return "";
  }

  // A word may be empty: ''.
  void end_word() {
    if (is_in_word_) words_.push_back(std::exchange(word_, {}));
    is_in_word_ = false;
  }

  std::vector<std::string> words_;
  std::string word_;
  bool is_in_word_ = false;
  char quote_ = 0;  // the open one; 0: none
};

}  // namespace

Result<std::vector<std::string>> split_words(std::string_view line) {
  if (line.size() > kLongestLine) return error("the line is longer than 16 KiB");
  if (!is_utf8(line)) return error("the line is not valid UTF-8");
  return Splitter().split(line);
}

}  // namespace tealgate::cli
