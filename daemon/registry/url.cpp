// SPDX-License-Identifier: MIT
#include "registry/url.hpp"

#include <curl/curl.h>

#include <memory>
#include <new>

#include "base/error.hpp"

namespace sdme::registry {

namespace {

struct Free {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(char* text) const { curl_free(text); }
};
using Handle = std::unique_ptr<CURLU, Free>;
using Text = std::unique_ptr<char, Free>;

constexpr std::size_t kLongest = 16 * 1024;

Handle handle_of(const std::string& text) {
  Handle url(curl_url());
  if (!url) throw std::bad_alloc();
  // NUL would end it early; what steers a terminal or a header is refused with the rest that is no URL.
  if (text.size() > kLongest || text.find('\0') != std::string::npos) return nullptr;
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return nullptr;
  return url;
}

std::optional<std::string> part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* found = nullptr;
  if (curl_url_get(url, which, &found, flags) != CURLUE_OK) return std::nullopt;
  return std::string(Text(found).get());
}

std::string lower(std::string text) {
  for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

bool set(CURLU* url, CURLUPart which, const char* text, unsigned flags = 0) {
  return curl_url_set(url, which, text, flags) == CURLUE_OK;
}

}  // namespace

std::optional<Url> Url::parse(const std::string& text) {
  const auto url = handle_of(text);
  if (!url) return std::nullopt;
  const auto scheme = part(url.get(), CURLUPART_SCHEME);
  const auto host = part(url.get(), CURLUPART_HOST);
  if ((scheme != "http" && scheme != "https") || !host || host->empty()) return std::nullopt;
  Url made = {.text = {},
              .scheme = *scheme,
              .host = lower(*host),
              .port = part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT).value_or(""),
              .path = part(url.get(), CURLUPART_PATH).value_or("/"),
              .has_user = part(url.get(), CURLUPART_USER) || part(url.get(), CURLUPART_PASSWORD)};
  if (!set(url.get(), CURLUPART_USER, nullptr) || !set(url.get(), CURLUPART_PASSWORD, nullptr) ||
      !set(url.get(), CURLUPART_FRAGMENT, nullptr)) {
    return std::nullopt;
  }
  auto whole = part(url.get(), CURLUPART_URL);
  if (!whole) return std::nullopt;
  made.text = std::move(*whole);
  return made;
}

std::string Url::authority() const { return port == (encrypted() ? "443" : "80") ? host : host + ":" + port; }

bool Url::same_origin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

std::string Url::last_name() const {
  const auto name = path.substr(path.rfind('/') + 1);
  int length = 0;
  const Text decoded(curl_easy_unescape(nullptr, name.c_str(), static_cast<int>(name.size()), &length));
  if (!decoded) throw std::bad_alloc();
  return {decoded.get(), static_cast<std::size_t>(length)};
}

Url Url::with_query(const std::string& key, const std::string& value) const {
  const auto url = handle_of(text);
  const auto more = key + "=" + value;
  if (!url || !set(url.get(), CURLUPART_QUERY, more.c_str(), CURLU_APPENDQUERY | CURLU_URLENCODE)) {
    throw Error(Errc::kInvalidArgument, "a URL cannot be extended");
  }
  auto made = *this;
  made.text = part(url.get(), CURLUPART_URL).value_or("");
  return made;
}

std::string form_encoded(std::string_view text) {
  const Text encoded(curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())));
  if (!encoded) throw std::bad_alloc();
  return encoded.get();
}

}  // namespace sdme::registry
