// SPDX-License-Identifier: MIT
#include "oci/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

namespace sdme::oci {

namespace {

bool is_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

}  // namespace

// The library's own decoder is lenient about blanks and does not say how much was padding.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty()) return "";
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (!std::ranges::all_of(text.substr(0, text.size() - padding), is_digit)) return std::nullopt;
  std::vector<unsigned char> source(text.begin(), text.end());
  std::string bytes(text.size() / 4 * 3, '\0');
  std::vector<unsigned char> decoded(bytes.size());
  const int size = EVP_DecodeBlock(decoded.data(), source.data(), static_cast<int>(source.size()));
  if (size < 0 || static_cast<std::size_t>(size) != bytes.size()) return std::nullopt;
  std::ranges::copy(decoded, bytes.begin());
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace sdme::oci
