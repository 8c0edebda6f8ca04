// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "image/archive_index.hpp"
#include "oci/image.hpp"
#include "oci/platform.hpp"

namespace sdme::image {

// Which image of an archive is meant.
struct Choice {
  std::string tag;  // its name, tag or digest; "" for the only one
  oci::Wanted wanted;
};

// An image that lies in an archive, its manifest and configuration verified.
struct ArchivedImage {
  struct Blob {
    ArchiveIndex::Part part;
    std::optional<oci::Digest> digest;  // to be verified; `docker save` may give none but the diff id
  };

  oci::Image image;
  std::vector<Blob> layers;  // as many as the image has
};

// The chosen image of an OCI image layout or of `docker save`; nothing when the archive is neither.
// An archive that is both is read as the layout. InvalidArgument, naming what there is, when the
// choice fits several; NotFound when it fits none; Corrupt and VerificationFailed.
std::optional<ArchivedImage> find_image(const ArchiveIndex& archive, const Choice& choice);

// The two kinds.
ArchivedImage image_of_layout(const ArchiveIndex& archive, const Choice& choice);
ArchivedImage image_of_docker_save(const ArchiveIndex& archive, const Choice& choice);

// The words for "one of these has to be chosen", and for "it is none of these".
[[noreturn]] void throw_several(const std::vector<std::string>& names);
[[noreturn]] void throw_none(const std::string& tag, const std::vector<std::string>& names);

}  // namespace sdme::image
