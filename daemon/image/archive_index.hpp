// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "archive/input.hpp"
#include "oci/digest.hpp"
#include "os/unique_fd.hpp"

namespace sdme::image {

// Where in a tar archive that may hold an image its parts are, so that they are read in place. The
// archive is a regular file, not compressed; only headers are read for the index, and only what has
// a name that parts of images have is in it.
class ArchiveIndex {
 public:
  struct Part {
    std::uint64_t offset = 0;  // in the file
    std::uint64_t size = 0;
  };

  // The archive begins at an offset of the file. Corrupt when it is damaged, truncated, or has names
  // that lead out of it or parts twice; LimitExceeded beyond so many entries, parts or not.
  ArchiveIndex(os::UniqueFd file, std::uint64_t offset, std::uint64_t most_entries);

  bool has(std::string_view name) const { return entries_.contains(name); }

  // Of a plain name. Links within the archive are followed. Corrupt, saying `what`, when it is not there.
  Part find(std::string_view name, const std::string& what) const;
  std::string read(const Part& part, std::uint64_t limit, const std::string& what) const;
  archive::Input input(const Part& part) const;

  // VerificationFailed unless the part has the digest; `part` is read to its end, unless `stop` says so.
  void verify(const Part& part, const oci::Digest& digest, const std::string& what,
              const std::function<bool()>& stop) const;

 private:
  struct Entry {
    Part part;
    std::string target;  // plain; not "" for a link
  };
  class Scan;

  os::UniqueFd file_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace sdme::image
