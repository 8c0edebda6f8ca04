// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "model/record.hpp"

namespace sdme::test {

inline const std::string kLayerA(64, 'a');
inline const std::string kLayerB(64, 'b');
inline const std::string kLayerC(64, 'c');

inline model::ContainerRecord container(const std::string& name, const std::string& rootfs,
                                        std::vector<std::string> layers) {
  return {.name = model::ContainerName::parse(name),
          .uuid = "uuid-of-" + name,
          .owner = 1000,
          .created_usec = 1,
          .rootfs = rootfs,
          .layers = std::move(layers),
          .os = "Test",
          .definition = {.network = {.mode = model::Network::Mode::kPrivate}, .userns = true}};
}

inline model::RootfsRecord rootfs(const std::string& name, std::vector<std::string> layers,
                                  const std::string& origin = "") {
  std::vector<std::uint64_t> sizes(layers.size(), 10);
  return {.name = model::RootfsName::parse(name),
          .owner = 1000,
          .created_usec = 1,
          .layers = std::move(layers),
          .layer_sizes = std::move(sizes),
          .origin = origin};
}

inline model::VolumeRecord volume(const std::string& name) {
  return {.name = model::VolumeName::parse(name), .owner = 1000, .created_usec = 1};
}

// A container that is shown a volume.
inline model::ContainerRecord user_of(const std::string& volume, const std::string& name) {
  auto record = container(name, "", {});
  record.definition.binds = {model::Bind::parse(volume + ":/srv/data")};
  return record;
}

}  // namespace sdme::test
