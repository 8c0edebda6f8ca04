// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace sdme::oci {

// "ALGORITHM:HEX" of the OCI image-spec, descriptor.md "Digests": valid by construction, so that it
// can go into a path or a URL as it is. SHA-256 and SHA-512 are known; any other is refused, since
// what cannot be verified is not used.
class Digest {
 public:
  // VerificationFailed unless lower-case hex of exactly the algorithm's length.
  static Digest parse(std::string_view text);
  static Digest sha256(std::string hex);  // of 64 lower-case digits, as archive::Sha256 gives them

  const std::string& str() const { return text_; }
  std::string_view algorithm() const;
  std::string_view hex() const;
  auto operator<=>(const Digest&) const = default;

 private:
  explicit Digest(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace sdme::oci
