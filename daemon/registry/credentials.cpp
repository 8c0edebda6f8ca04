// SPDX-License-Identifier: MIT
#include "registry/credentials.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/json.hpp"
#include "registry/reference.hpp"

namespace sdme::registry {

namespace {

constexpr std::size_t kMost = 1000;

std::string lower(std::string text) {
  for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// Keys that `docker login` has written since the beginning: https://index.docker.io/v1/. Of other keys nothing is
// taken away: a part of a registry may be called v1, and its credentials are not those of all.
std::string place_of(std::string key) {
  bool is_url = false;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!key.starts_with(scheme)) continue;
    key.erase(0, scheme.size());
    is_url = true;
  }
  if (key.ends_with('/')) key.pop_back();
  const auto slash = std::min(key.find('/'), key.size());
  const auto host = lower(key.substr(0, slash));
  const auto path = key.substr(slash);
  const bool is_hub = host == "index.docker.io" || host == "registry-1.docker.io";
  const bool is_interface = (is_url || is_hub) && (path == "/v1" || path == "/v2");
  return (is_hub ? std::string(kDockerHub) : host) + (is_interface ? "" : path);
}

Credential credential_of(const json::Value& value) {
  Credential credential = {.user = json::get_or<std::string>(value, "username", ""),
                           .password = json::get_or<std::string>(value, "password", ""),
                           .identity_token = json::get_or<std::string>(value, "identitytoken", "")};
  if (credential.user.empty() && credential.identity_token.empty()) {
    throw Error(Errc::kInvalidArgument, "an entry has neither a username nor an identitytoken");
  }
  if (credential.user.contains(':')) throw Error(Errc::kInvalidArgument, "a username has a colon");
  return credential;
}

}  // namespace

Credentials Credentials::parse(std::string_view text) {
  Credentials made;
  try {
    const auto document = json::parse(text, "what was given");
    const auto auths = document.find("auths");
    if (auths == document.end() || !auths->is_object())
      throw Error(Errc::kInvalidArgument, "there is no object 'auths'");
    if (auths->size() > kMost) throw Error(Errc::kInvalidArgument, "there are too many");
    for (const auto& [key, value] : auths->items()) {
      if (!value.is_object()) throw Error(Errc::kInvalidArgument, "an entry is no object");
      made.by_place_.insert_or_assign(place_of(key), credential_of(value));
    }
  } catch (const Error& error) {
    throw Error(Errc::kInvalidArgument, "the credentials cannot be used: " + error.message());
  }
  return made;
}

const Credential* Credentials::find(const std::string& host, const std::string& path) const {
  auto key = host + "/" + path;
  while (true) {
    if (const auto found = by_place_.find(key); found != by_place_.end()) return &found->second;
    const auto slash = key.rfind('/');
    if (slash == std::string::npos) return nullptr;
    key.resize(slash);
  }
}

}  // namespace sdme::registry
