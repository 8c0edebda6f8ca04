// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <vector>

namespace sdme::archive {

// What the tree of a layer cannot have before the layers below it are known. Paths are of the tree,
// without links on the way; "" is its root.
struct Unsettled {
  std::set<std::string> implied;      // directories that were made because something is in them
  std::set<std::string> renewed;       // made so too, and opaque because a whiteout says that those below are gone
  std::set<std::string> whiteouts_in;  // directories in which whiteouts are, or all is one
  bool opaque_root = false;           // nothing of the lower layers is to be seen

  struct Link {
    std::string path;    // where a whiteout keeps its place
    std::string target;  // as entry_path() returned it, not found in the layer
  };
  std::vector<Link> links;  // hard links, as they came
};

}  // namespace sdme::archive
