// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace sdme::archive {

// What the name of a layer's entry means, whatever the entry is (image-spec, layer.md "Whiteouts").
struct LayerName {
  enum class Mark {
    kNone,      // an entry as any
    kWhiteout,  // what the lower layers have at `path` is gone
    kOpaque,    // what they have in the directory `path` is
    kIgnored,   // of AUFS's own, or below a whiteout
  };

  Mark mark;
  std::string path;

  // Of what entry_path() returned. Corrupt when a whiteout is of nothing.
  static LayerName of(const std::string& path);
};

// Whether a component of a path begins as a whiteout's name does.
bool is_of_whiteouts(std::string_view path);

// The name of an entry without the slashes at its start, "." for the root.
std::string without_root(std::string name);

}  // namespace sdme::archive
