// SPDX-License-Identifier: MIT
#include "auth_file.hpp"

#include <fmt/format.h>
#include <resolv.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "failure.hpp"
#include "json.hpp"
#include "reference.hpp"
#include "text.hpp"

namespace sdme::client {

namespace {

// docker(1) knows its own registry by this.
constexpr const char* kHubServer = "https://index.docker.io/v1/";

[[noreturn]] void refuse(const std::string& why) { throw Failure(exit_code::kBadInput, why); }

JsonValue object_of(const std::string& text) {
  auto json = JsonValue::parse(text, nullptr, false);
  if (!json.is_object()) refuse("is not a JSON object");
  return json;
}

// The member as text; "" where there is none or it is something else.
std::string text_of(const JsonValue& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

JsonValue member_of(const JsonValue& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_object() ? *found : JsonValue::object();
}

// Keys come as HOST, HOST/PATH, and from docker(1) as the URL of an interface, whose path says nothing.
std::string normal_key(const std::string& key, AuthFormat format) {
  for (const std::string scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) return normal_key(key.substr(scheme.size()), AuthFormat::kDockercfg);
  }
  const auto slash = key.find('/');
  const auto path = slash == std::string::npos || format == AuthFormat::kDockercfg ? "" : key.substr(slash);
  return registry_name(key.substr(0, slash)) + path;
}

// The member whose key means `wanted`: the one that is spelt so, else any.
JsonValue::const_iterator find_key(const JsonValue& object, const std::string& wanted, AuthFormat format) {
  const auto exact = object.find(wanted);
  if (exact != object.end()) return exact;
  auto entry = object.begin();
  while (entry != object.end() && normal_key(entry.key(), format) != wanted) ++entry;
  return entry;
}

// By the C library's decoder, which takes line breaks and demands the padding, as docker(1) writes it.
std::optional<std::string> decode_base64(const std::string& text) {
  std::string bytes(text.size(), '\0');
  const int length =
      ::b64_pton(text.c_str(), reinterpret_cast<unsigned char*>(bytes.data()), bytes.size());  // NOLINT: C's bytes
  if (length < 0 || text.contains('\0')) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(length));
  return bytes;
}

// "USER:PASSWORD"; docker(1) once padded the password with zeros.
Login split_auth(const std::string& key, const std::string& encoded) {
  const auto decoded = decode_base64(encoded);
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) refuse(fmt::format("has no readable \"auth\" for {}", printable(key)));
  auto password = decoded->substr(colon + 1);
  password.resize(password.find_last_not_of('\0') + 1);
  return {.username = decoded->substr(0, colon), .password = std::move(password)};
}

std::optional<Login> login_of(const std::string& key, const JsonValue& entry) {
  if (auto token = text_of(entry, "identitytoken"); !token.empty()) return Login{.identity_token = std::move(token)};
  const auto encoded = text_of(entry, "auth");
  auto login = encoded.empty() ? Login{.username = text_of(entry, "username"), .password = text_of(entry, "password")}
                               : split_auth(key, encoded);
  if (login.username.empty()) return std::nullopt;
  return login;
}

std::optional<CredentialHelper> helper_of(const JsonValue& file, const std::string& host) {
  const auto helpers = member_of(file, "credHelpers");
  const auto entry = find_key(helpers, host, AuthFormat::kAuths);
  if (entry != helpers.end() && entry->is_string())
    return CredentialHelper{entry->get<std::string>(), entry.key(), host};
  if (auto store = text_of(file, "credsStore"); !store.empty()) {
    return CredentialHelper{std::move(store), host == "docker.io" ? kHubServer : host, host};
  }
  return std::nullopt;
}

}  // namespace

AuthAnswer look_up(const std::string& text, AuthFormat format, const std::vector<std::string>& keys) {
  const auto file = object_of(text);
  AuthAnswer answer;
  if (format == AuthFormat::kAuths) answer.helper = helper_of(file, keys.back());
  const auto auths = format == AuthFormat::kAuths ? member_of(file, "auths") : file;
  for (const auto& key : keys) {
    const auto entry = find_key(auths, key, format);
    if (entry == auths.end() || !entry->is_object()) continue;
    if (auto login = login_of(key, *entry)) {
      answer.stored = Credentials{key, std::move(*login)};
      break;
    }
  }
  return answer;
}

std::optional<Login> parse_helper_answer(const std::string& text) {
  const auto answer = object_of(text);
  auto username = text_of(answer, "Username");
  auto secret = text_of(answer, "Secret");
  if (username == "<token>" && !secret.empty()) return Login{.identity_token = std::move(secret)};
  if (username.empty()) return std::nullopt;
  return Login{.username = std::move(username), .password = std::move(secret)};
}

std::string auths_json(const Credentials& credentials) {
  const auto& login = credentials.login;
  JsonValue entry = JsonValue::object();
  if (!login.identity_token.empty()) {
    entry["identitytoken"] = login.identity_token;
  } else {
    entry["username"] = login.username;
    entry["password"] = login.password;
  }
  try {
    return JsonValue({{"auths", {{credentials.key, entry}}}}).dump();
  } catch (const JsonValue::type_error&) {
    throw Failure(exit_code::kBadInput, fmt::format("the name or password for {} is not UTF-8", credentials.key));
  }
}

}  // namespace sdme::client
