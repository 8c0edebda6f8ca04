// SPDX-License-Identifier: MIT
#pragma once

#include "archive/budget.hpp"
#include "archive/unsettled.hpp"
#include "layer/stack.hpp"
#include "os/dir.hpp"

namespace sdme::layer {

// Makes of a layer's tree, unpacked alone, the one whose overlay on the layers below is the image, as
// if the layer's entries had been unpacked into that very stack:
// - a directory that was only implied takes owner, mode, attributes and times of the lower one; where
//   that is a link, what is in it moves to where the link leads;
// - a hard link to a lower file copies that file up under its own name and links to it;
// - whiteouts in a directory that merges with nothing go, since the kernel would list them, and so
//   does a directory that was made for them alone and is not below;
// - an opaque root, which the kernel does not know, becomes a whiteout of each lower name.
// `below` is the settled stack under it, `tree` nobody else changes. What is copied is spent from the
// budget. Costs what is unsettled, whatever the layers hold. Corrupt when a link's target is nowhere.
void settle(const os::Dir& tree, const Stack& below, archive::Unsettled unsettled, archive::Budget& budget);

}  // namespace sdme::layer
