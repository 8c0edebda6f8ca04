// SPDX-License-Identifier: MIT
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "oci/digest.hpp"

namespace sdme::oci {

// The digest of bytes that come in pieces, by the algorithm of the digest that they should have.
class Hash {
 public:
  explicit Hash(const Digest& expected) : Hash(expected.algorithm()) {}
  explicit Hash(std::string_view algorithm);  // one that Digest knows

  void add(std::span<const char> bytes);
  Digest so_far() const;  // of what was added until now; more may follow
  Digest finish();        // of everything added; ends the computation

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  std::string algorithm_;
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace sdme::oci
