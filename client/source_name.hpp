// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "reference.hpp"

namespace sdme::client {

// What the word SOURCE of `fs import` means. A prefix decides; without one, what looks like a path is a path, what is
// there is a path, and only then it may be the name of an image: no file of somebody's is taken for a word that goes to
// a server.
struct SourceName {
  enum class Kind {
    kStandardInput,
    kPath,  // a file or a directory
    kFile,  // file:, oci-archive:, docker-archive:
    kTree,  // dir:, a directory even where it looks like an image layout
    kLayout,  // oci:
    kImage,  // of a registry
    kUrl,
  };

  Kind kind = Kind::kPath;
  std::string place;  // a path, or what PullRootfs takes
  std::string tag;  // of oci:PATH:TAG and its like
  std::optional<Reference> reference;  // of kImage
  std::string note;  // what else it could have meant, and how to say that

  bool is_remote() const { return kind == Kind::kImage || kind == Kind::kUrl; }
};

// Looks at the file system for words that could be a path. Throws the Failure of a word that is nothing of all this.
SourceName read_source_name(const std::string& word);

}  // namespace sdme::client
