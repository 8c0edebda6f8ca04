// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "oci/resolve.hpp"
#include "registry/policy.hpp"
#include "registry/repository.hpp"

namespace sdme::registry {

// An image that was found, and where its blobs are: the first place is the one that knew it.
struct Found {
  Reference reference;
  oci::Resolved image;
  std::string manifest;  // the image's own, as it came; "" where its index had it in itself
  std::vector<std::unique_ptr<Repository>> places;
};

// Bytes that are here already, of this digest; they are verified. Nothing when there are none.
using Cached = std::function<std::optional<std::string>(const oci::Descriptor&)>;

// Finds images, as this host is configured. What it finds refers to it and to the loop.
class Pull {
 public:
  Pull(Loop& loop, Credentials credentials, Tell tell, const std::string& root = "");

  Trusts& trusts() { return trusts_; }

  // Tries what the reference may mean, and for each the places where that is to be had. The policy is
  // asked before anybody is. Errors of the last one that was tried.
  Found find(const Reference& reference, const oci::Wanted& wanted, const Cached& cached);

 private:
  Found find_at(const Reference& reference, const std::vector<Place>& places, std::size_t first,
                const oci::Wanted& wanted, const Cached& cached);
  Task<oci::Descriptor> root_of(Repository& repository, const Reference& reference);
  Task<std::string> document(Repository& repository, const Reference& reference, const oci::Descriptor& wanted);

  Loop& loop_;
  Credentials credentials_;
  Tell tell_;
  Registries registries_;
  Policy policy_;
  Trusts trusts_;
};

}  // namespace sdme::registry
