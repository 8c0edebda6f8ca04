// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>

#include "model/bind.hpp"
#include "os/unique_fd.hpp"

namespace sdme::machine {

// What a bind shows, held open by O_PATH: nobody can put something else in its place any more.
struct BindSource {
  os::UniqueFd place;
  struct stat found = {};
  bool others_lead = false;         // others than root can change what the path leads to
  std::optional<uid_t> home_owner;  // whose the directory below /home is that it is in

  // What the record remembers of it: model::Bind.
  std::uint64_t inode() const { return others_lead ? found.st_ino : 0; }
  std::uint32_t owner() const { return found.st_uid; }
};

// Walks an absolute path without following a link, and never from what belongs to a user to what belongs to
// another: whoever owns a directory decides what the names in it are. NotFound, InvalidArgument or
// HostAccessDenied, each in one sentence that names the path.
BindSource walk_to_source(const std::string& path);

// The same for a bind that is being authorised: what it shows must be of a kind that can be shown.
BindSource find_source(const model::Bind& bind);

// The source of a bind that was authorised: still the same, or HostAccessDenied says why not.
BindSource open_source(const model::Bind& bind);

}  // namespace sdme::machine
