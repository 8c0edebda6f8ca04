// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "oci/digest.hpp"
#include "oci/platform.hpp"

namespace sdme::oci {

inline constexpr std::uint64_t kLargestConfig = 4 * 1024 * 1024;

// The kernel merges at most 500 layers in one overlay; some are left for what is installed on top.
inline constexpr std::size_t kMostLayers = 480;

// The longest text of an Image as JSON: of the configuration, quoted once more, and the layers.
inline constexpr std::size_t kLargestImage = 2 * kLargestConfig + 1024 * 1024;

// One layer of an image, from the bottom.
struct Layer {
  Digest blob;           // of the bytes as they are transferred
  std::uint64_t size;    // of these
  Digest diff_id;        // of the uncompressed tar stream, to its very end; SHA-256
  std::string chain_id;  // 64 hex digits: the store's name of the layer on its stack (config.md "Layer ChainID")
};

// An image that was chosen: its manifest and configuration are read and agree with each other.
// What fetches it hands this to what unpacks it, as JSON.
struct Image {
  std::string reference;  // as a person would pull it again, "" for an archive's without a name
  Digest manifest;
  Platform platform;
  std::string config;         // the configuration blob as it is: JSON, at most kLargestConfig
  std::vector<Layer> layers;  // 1 to kMostLayers

  json::Value to_json() const;
  // Corrupt or VerificationFailed. The diff ids are read from the configuration once more.
  static Image from_json(const json::Value& value);
};

// "sha256:…" of a stack, bottom first, as 64 hex digits: for one layer (below is "") its diff id's own
// digits, else SHA-256 of "CHAIN(below) DIFFID".
std::string chain_id(const std::string& below, const Digest& diff_id);

}  // namespace sdme::oci
