// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "os/dir.hpp"
#include "store/layout.hpp"

// Blobs of registries, kept for the next pull: an OCI image layout with a bound on its size. Who uses
// a blob verifies it again, so what is in here needs no trust. The daemon only renames and unlinks.
//
//   oci/oci-layout, oci/index.json      the images that were pulled
//   oci/blobs/ALGORITHM/HEX             whole blobs; the time of last change is that of last use
//   oci/partial/ALGORITHM-HEX.part      downloads that broke off
//   fetch/JOB/                          what a running pull writes; names as in docs/architecture.md
//   trash/                              what a worker is to remove
namespace sdme::store {

class BlobCache {
 public:
  // `max_bytes` 0: nothing is kept beyond a pull.
  BlobCache(const std::string& root, std::uint64_t max_bytes);

  std::string layout_path() const;  // of the OCI layout
  bool enabled() const { return max_bytes_ > 0; }
  std::uint64_t max_bytes() const { return max_bytes_; }

  // The directory of a pull, empty, open to whatever user its unit gets: only the unit can see it.
  std::string make_fetch(std::uint64_t job);
  std::string fetch_path(std::uint64_t job) const;
  // Takes what the pull left, wherever it broke off, and holds the bound. None is fine.
  void adopt(std::uint64_t job);
  void discard(std::uint64_t job);
  // What pulls that are over left is adopted too: a daemon that died comes back here.
  void sweep(const std::set<std::uint64_t>& live_jobs);

  struct Blob {
    std::string digest;
    std::uint64_t size = 0;
    std::uint64_t used_usec = 0;  // CLOCK_REALTIME
  };
  std::vector<Blob> list() const;  // the one used last first

  struct Freed {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
  };
  Freed clean(std::uint64_t keep_bytes);  // those used longest ago go first, broken off downloads before any
  Freed drop_partials();

  std::string trash_path() const { return trash_.path(); }
  bool trash_is_empty() const { return trash_.entries().empty(); }

 private:
  void adopt_one(const os::Dir& from, const std::string& name);
  void mark_used(const std::string& blob) const;
  bool partials_fit(std::uint64_t room) const;
  void list_image(const json::Value& descriptor);
  void forget_images();
  json::Value index() const;
  void write_index(const json::Value& index) const;
  void to_trash(const os::Dir& from, const std::string& name);

  std::uint64_t max_bytes_;
  os::Dir root_, oci_, blobs_, partial_, fetch_, trash_;
};

}  // namespace sdme::store
