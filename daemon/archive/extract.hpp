// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "os/dir.hpp"
#include "os/unique_fd.hpp"

namespace sdme::archive {

struct Limits {
  std::uint64_t bytes;    // of the stream when decompressed, and so of what is written
  std::uint64_t entries;  // directories that entries only imply included
};

struct Extracted {
  std::string digest;  // SHA-256 of the decompressed stream, to its very end, in hex
  std::uint64_t size;  // bytes of file content, holes not counted
  std::uint64_t entries;
};

// Unpacks a tar stream, plain or compressed, into an empty directory that only we change: owners
// by number, modes, times, attributes, access control lists, hard links, devices and holes as the
// archive has them. `progress` is told the bytes read of the input, often. When it throws, a part
// of the archive is in the tree. Codes: Corrupt, UnsupportedFormat, LimitExceeded, NoSpace.
Extracted extract(os::UniqueFd input, const os::Dir& tree, const Limits& limits,
                  const std::function<void(std::uint64_t)>& progress);

}  // namespace sdme::archive
