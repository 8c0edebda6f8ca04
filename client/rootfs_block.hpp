// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "bus.hpp"
#include "json.hpp"

namespace sdme::client {

// What InspectRootfs tells: as a block of lines, with its layers and what an image's configuration says of running it
// one a line; and as JSON, in which the configuration is no text but an object.
std::string rootfs_block(const Dict& rootfs);
JsonValue rootfs_json(const Dict& rootfs);

}  // namespace sdme::client
