// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "archive/budget.hpp"
#include "archive/decompress.hpp"
#include "archive/meaning.hpp"
#include "archive/unsettled.hpp"
#include "os/dir.hpp"
#include "os/unique_fd.hpp"

namespace sdme::archive {

struct Extracted {
  std::string digest;  // SHA-256 of the decompressed stream, to its very end, in hex
  std::uint64_t size;  // bytes of file content, holes not counted
  std::uint64_t entries;
  bool has_whiteout_names;  // names that in a layer would be whiteouts; in a tarball they are names
  Unsettled unsettled;      // of a layer
};

using BytesRead = std::function<void(std::uint64_t)>;  // of the input so far

// Unpacks a tar stream into an empty directory that only we change: owners by number, modes, times,
// attributes, access control lists, hard links, devices and holes as the archive has them. `progress`
// is told often. When it throws, a part of the archive is in the tree. Codes: Corrupt,
// UnsupportedFormat, LimitExceeded, NoSpace, and Cancelled when the source was broken off.
Extracted extract(Decompressor& source, const os::Dir& tree, Meaning meaning, Budget& budget,
                  const BytesRead& progress);

// A tarball that is plain or compressed, from where the fd stands.
Extracted extract(os::UniqueFd input, const os::Dir& tree, const Limits& limits, const BytesRead& progress);

}  // namespace sdme::archive
