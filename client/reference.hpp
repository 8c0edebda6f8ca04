// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sdme::client {

// The name of an image in a registry, [HOST[:PORT]/]PATH[:TAG][@DIGEST]. What it leads to is up to the daemon: here it
// only matters whether a word can be one, and whose credentials go with it.
struct Reference {
  std::string registry;  // HOST[:PORT]; "" in a short name
  std::string repository;  // "library/debian"; of a short name as it was typed

  bool is_short() const { return registry.empty(); }
};

// Nothing when the text is no such name.
std::optional<Reference> parse_reference(const std::string& text);

// Docker Hub under the one name that we use, docker.io; any other registry as it is, in lower case as the daemon has it.
std::string registry_name(const std::string& host);

// Under what its credentials may stand, the most specific first: HOST/NS/REPO, HOST/NS, HOST. Of a short name, those of
// docker.io, where such names go unless the host's administrator said otherwise.
std::vector<std::string> credential_keys(const Reference& reference);

}  // namespace sdme::client
