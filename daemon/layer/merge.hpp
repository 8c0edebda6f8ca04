// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "layer/unsettled_tree.hpp"

namespace sdme::layer {

// A layer's implied directory that is a link below: what is in it belongs where the link leads, and it
// goes. What the layer has there too merges with it, as entries of one stream would: directories with
// directories, whiteouts with nothing, and of two others the one that moves stays.
void move_to_target(UnsettledTree& tree, const std::string& link);

}  // namespace sdme::layer
