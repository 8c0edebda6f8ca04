// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "os/dir.hpp"

namespace sdme::layer {

// How large a layer is. Whoever makes one counts while he does, and keeps it beside the tree, so that
// the next image that has the layer need not look at every file.
struct Measure {
  std::uint64_t size = 0;     // bytes of file content
  std::uint64_t entries = 0;  // names of every kind
};

// In the directory of the layer, that with `tree`. Synced when all that was made is.
void keep_measure(const os::Dir& layer, const Measure& measure);

// Of a layer of the store: as it was kept, else as it is counted now.
Measure measure_of(const std::string& id);
Measure measure_of(const os::Dir& layer);

}  // namespace sdme::layer
