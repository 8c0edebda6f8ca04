// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "archive/decompress.hpp"
#include "os/dir.hpp"
#include "os/unique_fd.hpp"

namespace sdme::image {

using Spooled = std::function<void()>;  // called often, while bytes are written

// The rest of a stream as a file without a name, which goes with its descriptor; at its start.
os::UniqueFd spool_unnamed(archive::Decompressor& source, const os::Dir& staging, const Spooled& progress);

// As a file in staging, with holes where there are zeros.
void spool_sparsely(archive::Decompressor& source, const os::Dir& staging, const std::string& name,
                    const Spooled& progress);

}  // namespace sdme::image
