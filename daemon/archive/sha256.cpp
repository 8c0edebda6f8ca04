// SPDX-License-Identifier: MIT
#include "archive/sha256.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::archive {

namespace {

void must(int done) {
  if (done != 1) throw Error(Errc::kInternal, "computing a SHA-256 digest failed");
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (!context_) throw std::bad_alloc();
  must(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Sha256::add(std::span<const char> bytes) { must(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size())); }

std::string Sha256::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  must(EVP_DigestFinal_ex(context_.get(), digest, &length));
  return text::lower_hex(digest, length);
}

}  // namespace sdme::archive
