// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "fetch/blob.hpp"
#include "registry/pull.hpp"

namespace sdme::fetch {

// Gets the blobs of one image, several at once: from what is embedded in the manifest, from the cache, from
// the places that have the image, and a foreign layer at last from where the manifest says.
class Download {
 public:
  Download(registry::Loop& loop, registry::Trusts& trusts, registry::Found& found, const BlobFiles& files)
      : loop_(loop), trusts_(trusts), found_(found), files_(files) {}

  // Until it is whole, verified and kept; what was broken off stays as a part. VerificationFailed,
  // NotFound, AccessDenied, NetworkFailed, NoSpace.
  registry::Task<void> get(Blob& blob);

 private:
  class Body;

  registry::Task<bool> from_cache(Blob& blob);
  void from_manifest(Blob& blob);
  registry::Task<void> take_over(Blob& blob);
  registry::Task<void> from_places(Blob& blob);
  registry::Task<void> from_place(Blob& blob, std::size_t place);
  registry::Task<registry::Reply> attempt(const Blob& blob, std::size_t place, Body& body);
  bool verified(Blob& blob);
  void refuse(const Blob& blob, std::size_t place, const registry::Reply& reply) const;
  std::size_t places(const Blob& blob) const { return found_.places.size() + blob.descriptor().urls.size(); }

  registry::Loop& loop_;
  registry::Trusts& trusts_;
  registry::Found& found_;
  const BlobFiles& files_;
};

// The digest of a file's first bytes is computed a piece at a time, so that other transfers go on.
registry::Task<void> read_file(registry::Loop& loop, int file, std::uint64_t size,
                               std::function<void(std::span<const char>)> take);

}  // namespace sdme::fetch
