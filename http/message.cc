#include "http/message.h"

#include <cstring>
#include <functional>

#include "http/field_list.h"

namespace tealgate {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool list_has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    if (equals_ignoring_case(take_item(list), token)) return true;
  }
  return false;
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string_view Head::field(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.is_named(name)) return field.value;
  }
  return {};
}

bool Head::field_has_token(std::string_view name, std::string_view token) const {
  for (const Field& field : fields) {
    if (field.is_named(name) && list_has_token(field.value, token)) return true;
  }
  return false;
}

void Head::retain_block(std::string_view block, std::initializer_list<std::string_view*> views) {
  if (block.empty()) return;
  std::unique_ptr<char[]> copy(new char[block.size()]);
  std::memcpy(copy.get(), block.data(), block.size());
  const char* const begin = block.data();
  const char* const end = begin + block.size();
  const auto move_view = [&](std::string_view& view) {
    const bool inside =
        !std::less<>()(view.data(), begin) && !std::less<>()(end, view.data() + view.size());
    if (view.data() && inside) view = {copy.get() + (view.data() - begin), view.size()};
  };
  for (Field& field : fields) {
    move_view(field.name);
    move_view(field.value);
  }
  for (std::string_view* view : views) move_view(*view);
  storage_ = std::move(copy);
}

bool RequestHead::is_idempotent() const {
  for (const std::string_view known : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}) {
    if (method == known) return true;
  }
  return false;
}

bool RequestHead::expects_continue() const {
  return minor_version >= 1 && equals_ignoring_case(field("Expect"), "100-continue");
}

}  // namespace tealgate
