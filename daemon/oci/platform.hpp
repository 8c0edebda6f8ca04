// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sdme::oci {

// For whom an image is: OS/ARCH[/VARIANT] in Go's words (image-spec, image-index.md "platform").
struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;  // "" for none

  static Platform of_host();
  // InvalidArgument unless two or three words of [a-z0-9_.-]. The kernel's names of architectures
  // are taken too: x86_64 is amd64.
  static Platform parse(std::string_view text);
  std::string str() const;

  // The one name of those that mean the same: x86_64 is amd64, arm64/v8 is arm64.
  Platform normalised() const;

  bool operator==(const Platform&) const = default;
};

// What an image should be for.
struct Wanted {
  Platform platform;
  bool asked_for = false;  // by the user, who may know better than what the image says of itself

  static Wanted of_request(const std::string& platform);  // "" for this host's; InvalidArgument

  // How well something for `offered` would do: 0 is best, nothing that it would not. Variants of a
  // processor stand in for each other where the wanted one, or this host's, can run them.
  std::optional<int> rank(const Platform& offered) const;
};

}  // namespace sdme::oci
