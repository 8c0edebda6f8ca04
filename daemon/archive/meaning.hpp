// SPDX-License-Identifier: MIT
#pragma once

namespace sdme::archive {

// What a tar stream is taken for.
enum class Meaning {
  // A whole tree, strictly: it leads through no link, and ends with the mark that tar puts there.
  kTarball,
  // What one layer of an OCI image changes (image-spec, layer.md): names of whiteouts are those of
  // the spec, links on the way to an entry lead where they do with the tree as "/", names may be
  // absolute, hard links may lead into lower layers, and the end of the stream is its end.
  kLayer,
};

}  // namespace sdme::archive
