// SPDX-License-Identifier: MIT
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <span>
#include <string>

namespace sdme::archive {

// The digest of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();

  void add(std::span<const char> bytes);
  std::string hex();  // of everything added; ends the computation

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace sdme::archive
