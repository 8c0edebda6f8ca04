// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sdme::oci {

// RFC 4648, section 4: padded, without line breaks; nothing when it is not that.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace sdme::oci
