// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "layer/stack.hpp"
#include "machine/upper.hpp"
#include "model/definition.hpp"

// What a fresh container finds in its upper directory, so that it boots as a machine of its own
// and not as the one it was made from.
namespace sdme::machine {

struct Seed {
  enum class Kind { kFile, kLink, kOpaque, kHidden };
  Kind kind = Kind::kFile;
  std::string text;  // of a file, or the target of a link
  mode_t mode = 0644;

  bool operator==(const Seed&) const = default;
};
using Seeds = std::map<std::string, Seed>;  // by absolute path: parents come before what is in them

// What a clone of the host must know of it.
struct HostFacts {
  std::vector<std::string> storage_units;      // names in /etc/systemd/system that mount or swap
  std::optional<std::string> dbus_alias;       // target of dbus.service there
  std::vector<std::string> identity;           // absolute paths of what tells one machine from another

  static HostFacts of(const layer::Stack& host);
};

// `host` is looked at for a clone of the host only.
Seeds plan_seeds(const std::string& name, const model::Definition& definition, const HostFacts& host);

// Those at or below `mount`, with paths inside it: for a file system mounted there.
Seeds seeds_below(const Seeds& seeds, const std::string& mount);

void sow(const Seeds& seeds, Upper& upper);

}  // namespace sdme::machine
