// SPDX-License-Identifier: MIT
#include "registry/reference.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::registry {

namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLongestTag = 128;
constexpr std::uint64_t kLargestPort = 65535;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alnum(char c) { return is_digit(c) || is_lower(c) || is_upper(c); }

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw Error(Errc::kInvalidArgument, "image reference " + text::quoted(text) + " is not valid: " + why);
}

std::string lower(std::string_view text) {
  std::string made(text);
  for (auto& c : made) c = is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  return made;
}

std::string upper(std::string text) {
  for (auto& c : text) c = is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

// Letters and digits, joined by one dot, one or two underscores, or any number of dashes.
bool is_component(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto word = at;
    while (at < text.size() && (is_lower(text[at]) || is_digit(text[at]))) ++at;
    if (at == word) return false;
    if (at == text.size()) return true;
    const auto joint = at;
    while (at < text.size() && text[at] == text[joint]) ++at;
    const auto length = at - joint;
    const std::size_t most = text[joint] == '.' ? 1 : text[joint] == '_' ? 2 : text[joint] == '-' ? length : 0;
    if (length > most) return false;
  }
  return false;
}

bool is_domain(std::string_view text) {
  for (const auto& label : text::split(text, '.')) {
    if (label.empty() || !is_alnum(label.front()) || !is_alnum(label.back())) return false;
    if (!std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-'; })) return false;
  }
  return true;
}

bool is_ipv6(std::string_view text) {
  in6_addr address = {};
  return !text.contains('\0') && inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

bool is_port(std::string_view text) {
  const auto port = text::to_unsigned(text);
  return port && *port >= 1 && *port <= kLargestPort;
}

bool is_host(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || !is_ipv6(text.substr(1, end - 1))) return false;
    const auto rest = text.substr(end + 1);
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
  }
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && !is_port(text.substr(colon + 1))) return false;
  return is_domain(text.substr(0, colon));
}

bool looks_like_host(std::string_view text) {
  return text == "localhost" || text.find_first_of(".:[") != std::string_view::npos ||
         std::ranges::any_of(text, is_upper);
}

bool is_tag(std::string_view text) {
  const auto fits = [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; };
  return !text.empty() && text.size() <= kLongestTag && text.front() != '.' && text.front() != '-' &&
         std::ranges::all_of(text, fits);
}

bool is_image_id(std::string_view text) {
  const auto is_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  return text.size() == 64 && std::ranges::all_of(text, is_hex);
}

// Docker Hub is known by several names, and its official images lack a component.
void normalise(Reference& reference) {
  if (reference.host == "index.docker.io" || reference.host == "registry-1.docker.io") reference.host = kDockerHub;
  if (reference.host == kDockerHub && !reference.path.contains('/')) reference.path = "library/" + reference.path;
}

void take_digest(Reference& reference, std::string_view whole, std::string_view text) {
  try {
    reference.digest = oci::Digest::parse(text);
  } catch (const Error& error) {
    refuse(whole, error.message());
  }
}

}  // namespace

Reference Reference::parse(std::string_view whole) {
  Reference reference;
  auto text = whole;
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    take_digest(reference, whole, text.substr(at + 1));
    text = text.substr(0, at);
  }
  const auto slash = text.rfind('/');
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    reference.tag = text.substr(colon + 1);
    if (!is_tag(reference.tag)) {
      refuse(whole,
             "a tag is 1 to 128 letters, digits, underscores, dots and dashes, and begins with none of the "
             "last two");
    }
    text = text.substr(0, colon);
  }
  const auto first = text.find('/');
  if (first != std::string_view::npos && looks_like_host(text.substr(0, first))) {
    if (!is_host(text.substr(0, first)))
      refuse(whole, text::quoted(text.substr(0, first)) + " is no HOST or HOST:PORT");
    reference.host = lower(text.substr(0, first));
    text = text.substr(first + 1);
  }
  for (const auto& component : text::split(text, '/')) {
    if (is_component(component)) continue;
    refuse(whole, component.empty() ? "a part of the name is empty"
                                    : text::quoted(component) +
                                          " must be lower-case letters and digits, joined by "
                                          "single dots, one or two underscores, or dashes");
  }
  if (reference.host.empty() && is_image_id(text)) refuse(whole, "it is the id of an image and not a name");
  reference.path = text;
  if (!reference.digest && reference.tag.empty()) reference.tag = "latest";
  normalise(reference);
  if (reference.name().size() > kLongestName) refuse(whole, "the name is longer than 255 bytes");
  return reference;
}

Reference Reference::at(std::string_view place) const {
  auto found = parse(std::string(place) + "/" + path);
  found.tag = tag;
  found.digest = digest;
  return found;
}

std::string Reference::name() const { return host.empty() ? path : host + "/" + path; }

std::string Reference::str() const {
  // Only capitals made it a host: "HOST/x".
  const bool capital = !host.empty() && !looks_like_host(host);
  return (capital ? upper(host) + "/" + path : name()) + (tag.empty() ? "" : ":" + tag) +
         (digest ? "@" + digest->str() : "");
}

std::string Reference::version() const { return digest ? digest->str() : tag; }

}  // namespace sdme::registry
