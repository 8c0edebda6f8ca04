// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace sdme::archive {

// Whether the headers of one entry carry a name or a link's target with a zero byte in it. To
// libarchive such a name ends there, to whoever looked at the archive before us it may not have.
bool has_zero_in_name(std::string_view headers);

}  // namespace sdme::archive
