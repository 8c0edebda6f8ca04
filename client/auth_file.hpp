// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sdme::client {

// Who to be for a registry: a name with a password, or a token that stands for both.
struct Login {
  std::string username;
  std::string password;
  std::string identity_token;
};

// A login, and what it is for: HOST[:PORT], or a path below it.
struct Credentials {
  std::string key;
  Login login;
};

// The program docker-credential-NAME, and what it is to be asked about.
struct CredentialHelper {
  std::string name;
  std::string server;
  std::string key;  // what its answer is for
};

// kAuths is containers-auth.json(5) and docker's config.json; kDockercfg docker's oldest, without a level above the
// hosts.
enum class AuthFormat { kAuths, kDockercfg };

// What a file says of a registry. A helper has the last word; what is written in the file is for when it knows nothing.
struct AuthAnswer {
  std::optional<CredentialHelper> helper;
  std::optional<Credentials> stored;
};

// `keys` are those that fit, the most specific first, and the host at last. Throws a Failure that goes on "FILE …" and
// repeats nothing of the text, which is full of secrets.
AuthAnswer look_up(const std::string& text, AuthFormat format, const std::vector<std::string>& keys);

// What a helper printed. Nothing when there is no login in it; throws as look_up() does.
std::optional<Login> parse_helper_answer(const std::string& text);

// As the daemon takes it.
std::string auths_json(const Credentials& credentials);

}  // namespace sdme::client
