// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "layer/unsettled_tree.hpp"

namespace sdme::layer {

// Copies what a name is in the layers below into the tree, with all that belongs to it: a file with
// its holes, a link, a device. Not a directory. Nothing is there at `path` yet. What it holds is spent
// from the tree's budget.
void copy_up(UnsettledTree& tree, const std::string& below, const std::string& path);

}  // namespace sdme::layer
