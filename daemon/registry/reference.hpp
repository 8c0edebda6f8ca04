// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "oci/digest.hpp"

namespace sdme::registry {

inline constexpr std::string_view kDockerHub = "docker.io";

// [HOST[:PORT]/]PATH[:TAG][@DIGEST], the grammar of the distribution project. What stands before the
// first slash is a host if it has a dot, a colon or a capital letter, or is "localhost". Everything
// in it can go into a URL or the name of a file as it is, the host's brackets and colon aside.
struct Reference {
  std::string host;  // lower case, with the port; "" for a short name, whose host the configuration knows
  std::string path;  // of a name at docker.io with one component: "library/" and it
  std::string tag;   // "latest" where neither tag nor digest was said
  std::optional<oci::Digest> digest;  // wins over the tag

  // InvalidArgument, with what is wrong.
  static Reference parse(std::string_view text);

  // This short name at a host, which may be followed by a path, as the configuration writes it.
  Reference at(std::string_view place) const;

  std::string name() const;    // HOST/PATH
  std::string str() const;     // as a person would write it again
  std::string version() const;  // the digest, else the tag: how a registry is asked
};

}  // namespace sdme::registry
