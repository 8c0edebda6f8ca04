// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "oci/manifest.hpp"
#include "os/dir.hpp"
#include "os/unique_fd.hpp"

namespace sdme::fetch {

// Where blobs are found and put: the cache, an OCI layout that is only read, and a directory of this job
// alone, whose files are named ALGORITHM-HEX, with ".part" while they are not whole.
class BlobFiles {
 public:
  BlobFiles(const std::string& cache, const std::string& blobs);  // `cache` may be "": none

  // One of the cache that says it is whole: a file of the right size. Whether it is, its digest says.
  std::optional<os::UniqueFd> find_whole(const oci::Descriptor& blob) const;

  // A new part, empty, for reading and writing.
  os::UniqueFd begin(const oci::Descriptor& blob) const;

  // What the cache kept of a broken off download is copied into an empty part; the number of bytes, 0
  // when there is nothing of use.
  std::uint64_t take_over(const oci::Descriptor& blob, int part) const;

  void keep(const oci::Descriptor& blob) const;  // the part is whole and verified

  // The part is wrong, and so is what the cache may have: an empty one takes its place there.
  void discard(const oci::Descriptor& blob, int part) const;

  void mark_used(const oci::Descriptor& blob) const;  // one of the cache: it is not the next to go

  // Small blobs, as text.
  std::optional<std::string> read(const oci::Descriptor& blob) const;  // verified
  void write(const oci::Digest& digest, const std::string& bytes) const;
  // What the cache is to list: a manifest, as it was asked for.
  void list(const std::string& reference, const oci::Digest& manifest, const std::string& bytes) const;

 private:
  std::optional<os::UniqueFd> find(const std::string& name, std::uint64_t least, std::uint64_t most) const;
  void put(const std::string& name, const std::string& text) const;
  bool has_partial(const oci::Descriptor& blob) const;

  std::optional<os::Dir> cache_;
  os::Dir blobs_;
};

}  // namespace sdme::fetch
