// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sdme::oci {

// "ALGORITHM:HEX" of the OCI image-spec, descriptor.md "Digests": valid by construction, so that it
// can go into a path or a URL as it is. SHA-256 and SHA-512 are known; any other is refused, since
// what cannot be verified is not used.
class Digest {
 public:
  // VerificationFailed unless lower-case hex of exactly the algorithm's length.
  static Digest parse(std::string_view text);
  static Digest sha256(std::string_view hex);     // of 64 lower-case digits, as archive::Sha256 gives them
  static Digest of(std::string_view bytes);       // their SHA-256

  const std::string& str() const { return text_; }
  std::string_view algorithm() const;  // "sha256" or "sha512"
  std::string_view hex() const;
  auto operator<=>(const Digest&) const = default;

  // VerificationFailed unless the bytes are as many and have this digest; `what` begins the sentence.
  void verify(std::string_view bytes, std::uint64_t size, const std::string& what) const;

 private:
  explicit Digest(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace sdme::oci
