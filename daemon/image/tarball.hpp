// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "archive/budget.hpp"
#include "archive/decompress.hpp"
#include "archive/extract.hpp"
#include "image/layers.hpp"
#include "os/dir.hpp"

namespace sdme::image {

// Makes the one layer of a tar stream that is a whole root filesystem, at STAGING/layers/ID/tree. Its
// id follows from the stream. `when_read` is called after the last byte: it throws when the bytes
// were not all.
UnpackedLayer unpack_tarball(archive::Decompressor& source, const os::Dir& staging, archive::Budget& budget,
                             const archive::BytesRead& progress, const std::function<void()>& when_read);

}  // namespace sdme::image
