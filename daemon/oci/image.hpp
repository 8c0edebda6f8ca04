// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "oci/digest.hpp"
#include "oci/platform.hpp"

namespace sdme::oci {

// One layer of an image, from the bottom.
struct Layer {
  Digest blob;         // of the bytes as they are transferred
  std::uint64_t size;  // of these
  Digest diff_id;      // of the uncompressed tar stream, to its very end
  std::string chain_id;  // 64 hex digits: the store's name of the layer on its stack (config.md "Layer ChainID")
};

// An image that was chosen: its manifest and configuration are read and agree with each other.
// What fetches it hands this to what unpacks it, as JSON.
struct Image {
  std::string reference;  // as a person would pull it again, "" for an archive's without a name
  Digest manifest;
  Platform platform;
  std::string config;  // the configuration blob as it is: JSON, at most 4 MiB
  std::vector<Layer> layers;

  json::Value to_json() const;
  static Image from_json(const json::Value& value);  // Corrupt
};

// "sha256:…" of a stack, bottom first, as 64 hex digits: for one layer its diff id's own digits, else
// SHA-256 of "CHAIN(below) DIFFID".
std::string chain_id(const std::string& below, const Digest& diff_id);

}  // namespace sdme::oci
