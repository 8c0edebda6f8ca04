// SPDX-License-Identifier: MIT
#include "oci/digest.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "base/error.hpp"
#include "base/text.hpp"
#include "oci/hash.hpp"

namespace sdme::oci {

namespace {

constexpr std::string_view kSha256 = "sha256";

struct Algorithm {
  std::string_view name;
  std::size_t digits;
  const EVP_MD* (*function)();
};
constexpr std::array kAlgorithms = {Algorithm{kSha256, 64, EVP_sha256}, Algorithm{"sha512", 128, EVP_sha512}};

const Algorithm* find_algorithm(std::string_view name) {
  const auto* const found = std::ranges::find(kAlgorithms, name, &Algorithm::name);
  return found == kAlgorithms.end() ? nullptr : found;
}

void must(int done) {
  if (done != 1) throw Error(Errc::kInternal, "the cryptographic library failed to compute a digest");
}

}  // namespace

Digest Digest::parse(std::string_view text) {
  const auto colon = text.find(':');
  const auto* const algorithm = find_algorithm(text.substr(0, colon));
  if (colon == std::string_view::npos || algorithm == nullptr) {
    throw Error(Errc::kVerificationFailed,
                text::quoted(text) + " is not a digest that can be verified; sha256: and sha512: are");
  }
  const auto hex = text.substr(colon + 1);
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (hex.size() != algorithm->digits || !std::ranges::all_of(hex, is_digit)) {
    throw Error(Errc::kVerificationFailed, text::quoted(text) + " is not a digest: " + std::string(algorithm->name) +
                                               " has " + std::to_string(algorithm->digits) +
                                               " lower-case hexadecimal digits");
  }
  return Digest(std::string(text));
}

Digest Digest::sha256(std::string_view hex) { return parse(std::string(kSha256) + ":" + std::string(hex)); }

Digest Digest::of(std::string_view bytes) {
  Hash hash(kSha256);
  hash.add(bytes);
  return hash.finish();
}

std::string_view Digest::algorithm() const { return std::string_view(text_).substr(0, text_.find(':')); }

std::string_view Digest::hex() const { return std::string_view(text_).substr(text_.find(':') + 1); }

void Digest::verify(std::string_view bytes, std::uint64_t size, const std::string& what) const {
  if (bytes.size() != size) {
    throw Error(Errc::kVerificationFailed,
                what + " has " + std::to_string(bytes.size()) + " bytes instead of " + std::to_string(size));
  }
  Hash hash(*this);
  hash.add(bytes);
  if (hash.finish() != *this) throw Error(Errc::kVerificationFailed, what + " does not match its digest " + text_);
}

Hash::Hash(std::string_view algorithm) : algorithm_(algorithm), context_(EVP_MD_CTX_new()) {
  const auto* const known = find_algorithm(algorithm);
  if (known == nullptr) throw Error(Errc::kInternal, "a digest of an unknown algorithm was asked for");
  if (!context_) throw std::bad_alloc();
  must(EVP_DigestInit_ex(context_.get(), known->function(), nullptr));
}

void Hash::add(std::span<const char> bytes) { must(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size())); }

Digest Hash::so_far() const {
  Hash copy(algorithm_);
  must(EVP_MD_CTX_copy_ex(copy.context_.get(), context_.get()));
  return copy.finish();
}

Digest Hash::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
  unsigned size = 0;
  must(EVP_DigestFinal_ex(context_.get(), value.data(), &size));
  return Digest::parse(algorithm_ + ":" + text::lower_hex(value.data(), size));
}

}  // namespace sdme::oci
