// SPDX-License-Identifier: MIT
#include "registry/challenge.hpp"

#include <optional>

namespace sdme::registry {

namespace {

constexpr std::size_t kLongest = 16 * 1024;
constexpr std::size_t kMostParameters = 32;

bool is_token(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kMarks.find(c) != std::string_view::npos;
}

// Reads the header from the left.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text.substr(0, kLongest)) {}

  bool at_end() const { return text_.empty(); }
  bool at_end_of_item() const { return text_.empty() || text_.front() == ','; }

  void skip(std::string_view characters) {
    const auto end = text_.find_first_not_of(characters);
    text_.remove_prefix(end == std::string_view::npos ? text_.size() : end);
  }

  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::string token() {
    std::string word;
    while (!text_.empty() && is_token(text_.front())) {
      word += text_.front();
      text_.remove_prefix(1);
    }
    return word;
  }

  std::optional<std::string> value() {
    if (!take('"')) {
      auto word = token();
      return word.empty() ? std::nullopt : std::optional(std::move(word));
    }
    std::string word;
    while (!take('"')) {
      if (take('\\') && text_.empty()) return std::nullopt;
      if (text_.empty()) return std::nullopt;
      word += text_.front();
      text_.remove_prefix(1);
    }
    return word;
  }

 private:
  std::string_view text_;
};

std::string lower(std::string text) {
  for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace

std::string Challenge::get(const std::string& key) const {
  const auto found = parameters.find(key);
  return found == parameters.end() ? "" : found->second;
}

std::vector<Challenge> parse_challenges(std::string_view header) {
  std::vector<Challenge> found;
  Reader reader(header);
  while (true) {
    reader.skip(" \t,");
    auto word = reader.token();
    if (word.empty()) return found;
    reader.skip(" \t");
    if (!reader.take('=')) {  // a word alone is a scheme, and its first parameter may follow
      found.push_back({.scheme = lower(std::move(word)), .parameters = {}});
      continue;
    }
    if (found.empty()) return found;
    reader.skip(" \t=");
    if (reader.at_end_of_item()) continue;  // no parameter but a credential, padded
    const auto value = reader.value();
    auto& parameters = found.back().parameters;
    if (!value || parameters.size() >= kMostParameters) return found;
    parameters.try_emplace(lower(std::move(word)), *value);
    reader.skip(" \t");
    if (!reader.at_end_of_item()) return found;
  }
}

}  // namespace sdme::registry
