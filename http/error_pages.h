// Error pages of an operator's making, in place of our own for those who prefer HTML: read when the
// config is, immutable then.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tealgate {

// For the text of a page and for attributes in quotes.
std::string escaped_for_html(std::string_view text);

class ErrorPage {
 public:
  struct Facts {
    int status = 500;
    std::string_view title = {};
    std::string_view request_id = {};
  };

  // `text` may have {{status}}, {{title}} and {{request_id}}; other braces stay as they are.
  explicit ErrorPage(std::string text) : text_(std::move(text)) {}

  // The page with the facts, escaped, in their places.
  std::string render(const Facts& facts) const;

 private:
  std::string text_;
};

class ErrorPages {
 public:
  // For statuses from `low` to `high`, in place of a page for just these.
  void put(int low, int high, std::shared_ptr<const ErrorPage> page);

  // The page whose range is the narrowest; null if there is none.
  const ErrorPage* find(int status) const;

 private:
  struct Entry {
    int low;
    int high;
    std::shared_ptr<const ErrorPage> page;  // `defaults` and services share it: it may be large
  };
  std::vector<Entry> entries_;
};

}  // namespace tealgate
