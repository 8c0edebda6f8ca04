// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace sdme::oci {

// For whom an image is: OS/ARCH[/VARIANT] in Go's words (image-spec, image-index.md "platform").
struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;  // "" for none

  static Platform of_host();
  // InvalidArgument unless two or three words of [a-z0-9_.-].
  static Platform parse(std::string_view text);
  std::string str() const;

  bool operator==(const Platform&) const = default;
};

}  // namespace sdme::oci
