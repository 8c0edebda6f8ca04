// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "oci/digest.hpp"
#include "oci/platform.hpp"

namespace sdme::oci {

// What an image's configuration says of its layers and of whom it is for; a word that it does not
// say is "".
struct Config {
  Platform platform;
  std::vector<Digest> diff_ids;  // bottom first; SHA-256
};

// Corrupt, or UnsupportedFormat where its layers cannot be verified.
Config parse_config(const std::string& bytes);

}  // namespace sdme::oci
