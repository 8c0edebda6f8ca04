// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth_file.hpp"
#include "fd.hpp"
#include "loop.hpp"
#include "reference.hpp"

namespace sdme::client {

// A file that may hold credentials.
struct AuthPlace {
  std::string path;
  AuthFormat format = AuthFormat::kAuths;
  // One that the user chose has to be there and readable; others are passed over, with a warning if they are there.
  bool chosen = false;
};

// Where this user's credentials are, as containers-auth.json(5) says: in `authfile` alone if that is given, else in the
// file that REGISTRY_AUTH_FILE names alone, else in those of podman(1) and docker(1), in this order.
std::vector<AuthPlace> auth_places(const std::string& authfile);

// What was found for an image: at most one login, since no more is needed than that.
struct CredentialSearch {
  std::optional<Credentials> found;
  std::string where;  // the file with it
  std::vector<std::string> warnings;  // a sentence each
  std::vector<std::string> looked_in;  // files that were there
};

// Throws the Failure of a place that the user chose.
CredentialSearch find_credentials(Loop& loop, const Reference& reference, const std::vector<AuthPlace>& places);

// --creds: USER[:PASSWORD] for the host; a password that is missing is asked for.
Credentials typed_credentials(Loop& loop, const std::string& typed, const std::string& host);

// In memory that nobody can change any more, for the daemon to read.
Fd sealed(const Credentials& credentials);

}  // namespace sdme::client
