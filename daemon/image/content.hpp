// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

namespace sdme::image {

// What bytes are, by themselves: no name and no media type says it.
enum class Content {
  kTarball,       // or what reading it as one will refuse
  kImageArchive,  // a tar stream that begins as an OCI image layout or `docker save` does
  kDisk,          // QCOW2, partitions, or a file system
};

// How many plain bytes it takes: btrfs has its superblock behind the first 64 KiB.
inline constexpr std::size_t kTellingBytes = std::size_t{128} * 1024;

// `start` is the beginning, of at least so many bytes unless that is all. UnsupportedFormat for
// disk images of kinds that have to be converted first.
Content content_of(std::span<const char> start);

}  // namespace sdme::image
