// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "os/unique_fd.hpp"

namespace sdme::machine {

enum class PointKind { kDirectory, kFile };

// The place of an absolute path below `root`, as those see it who have that for their root: links lead to
// what they lead to there, never out of it, and never through /proc. None when there is nothing.
std::optional<os::UniqueFd> find_mount_point(int root, const std::string& path);

// The same, made where it is missing, with all on its way to it. InvalidArgument when what is there is of
// another kind: a directory is shown at a directory, and all else at what is none.
os::UniqueFd make_mount_point(int root, const std::string& path, PointKind kind);

}  // namespace sdme::machine
