// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/reference.hpp"

namespace sdme::registry {

// Where a repository is, and how it may be reached.
struct Place {
  std::string host;  // as in a reference, with the port
  std::string path;
  bool insecure = false;  // certificates are not verified, and plain HTTP is tried when TLS does not come about
  bool mirror = false;

  bool operator==(const Place&) const = default;
};

// What this host's administrator says of registries: containers-registries.conf(5), version 2.
// /etc/containers/registries.conf, else that of /usr/share/containers, and then registries.conf.d of both
// by name, where a file in /etc stands for one of the same name in /usr/share. What comes later wins.
//
// A short name means, in this order: its alias; the unqualified-search-registries; where no file has
// that key, docker.io, as Docker and the older sdme do. An empty list refuses short names.
class Registries {
 public:
  static Registries load(const std::string& root = "");  // InvalidArgument, with file and line

  // One file more.
  void add(std::string_view text, const std::string& path);

  // The full names that a reference may mean, to be tried in order. InvalidArgument when there is none,
  // or when short names are enforced to be unambiguous and several are possible: it lists them.
  std::vector<Reference> expand(const Reference& reference) const;

  // Where a full name is to be had, to be tried in order: mirrors, and the registry itself last.
  // AccessDenied when it is blocked.
  std::vector<Place> places(const Reference& reference) const;

 private:
  struct Mirror {
    std::string location;
    bool insecure = false;
    enum class Pull { kAll, kDigest, kTag } pull = Pull::kAll;
  };
  struct Rule {
    std::string prefix;    // HOST[/PATH], or *.DOMAIN
    std::string location;  // what takes the prefix's place; "" leaves it
    bool insecure = false;
    bool blocked = false;
    bool mirror_by_digest_only = false;
    std::vector<Mirror> mirrors;
    std::string file;  // for messages
  };
  struct Reader;

  const Rule* rule_for(const Reference& reference) const;
  static Place place_at(const std::string& location, std::string_view rest, const std::string& file);

  std::vector<Rule> rules_;
  std::map<std::string, std::string> aliases_;
  std::optional<std::vector<std::string>> search_;
  bool enforcing_ = false;
};

}  // namespace sdme::registry
