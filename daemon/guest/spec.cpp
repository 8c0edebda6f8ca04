// SPDX-License-Identifier: MIT
#include "guest/spec.hpp"

#include <charconv>

namespace sdme::guest {

namespace {

constexpr std::size_t kMostDigits = 9;

// Reads fields that end with a NUL byte, which no argument, variable or path can hold.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  std::optional<std::string_view> field() {
    const auto end = left_.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    const auto found = left_.substr(0, end);
    left_.remove_prefix(end + 1);
    return found;
  }

  std::optional<std::vector<std::string>> list() {
    const auto text = field();
    std::size_t count = 0;
    if (!text || text->empty() || text->size() > kMostDigits) return std::nullopt;
    const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), count);
    if (fault != std::errc{} || end != text->data() + text->size() || count > left_.size()) return std::nullopt;
    std::vector<std::string> items;
    for (std::size_t i = 0; i < count; ++i) {
      const auto item = field();
      if (!item) return std::nullopt;
      items.emplace_back(*item);
    }
    return items;
  }

  bool at_end() const { return left_.empty(); }

 private:
  std::string_view left_;
};

void append(std::string& bytes, std::string_view field) {
  bytes += field;
  bytes += '\0';
}

void append(std::string& bytes, const std::vector<std::string>& list) {
  append(bytes, std::to_string(list.size()));
  for (const auto& item : list) append(bytes, item);
}

}  // namespace

std::string Spec::encode() const {
  std::string bytes;
  append(bytes, terminal ? "terminal" : "pipes");
  append(bytes, directory);
  append(bytes, argv);
  append(bytes, env);
  return bytes;
}

std::optional<Spec> Spec::decode(std::string_view bytes) {
  Reader reader(bytes);
  const auto kind = reader.field();
  const auto directory = reader.field();
  auto argv = reader.list();
  auto env = reader.list();
  if (!kind || !directory || !argv || !env || !reader.at_end()) return std::nullopt;
  if (*kind != "terminal" && *kind != "pipes") return std::nullopt;
  return Spec{.terminal = *kind == "terminal",
              .directory = std::string(*directory),
              .argv = std::move(*argv),
              .env = std::move(*env)};
}

std::optional<int> number_after(std::string_view word, std::string_view packet) {
  constexpr std::size_t kDigits = 3;
  if (!packet.starts_with(word)) return std::nullopt;
  const auto digits = packet.substr(word.size());
  unsigned number = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || digits.size() > kDigits || fault != std::errc{} || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return static_cast<int>(number);
}

}  // namespace sdme::guest
