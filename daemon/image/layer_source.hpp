// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "archive/input.hpp"
#include "oci/image.hpp"

namespace sdme::image {

// Where the layers of an image come from: the worker that fetches, or an archive. Used by one thread.
class LayerSource {
 public:
  LayerSource() = default;
  virtual ~LayerSource() = default;
  LayerSource(const LayerSource&) = delete;
  LayerSource& operator=(const LayerSource&) = delete;

  virtual const oci::Image& image() const = 0;

  // Which layers are needed, by their place in the image; called once.
  virtual void want(const std::vector<std::size_t>& layers) = 0;

  // Waits at most so long for next() to have something to say. One that may have to wait for others
  // does so here, so that whoever uses it can look at other things meanwhile.
  virtual bool ready(std::chrono::milliseconds patience) {
    static_cast<void>(patience);
    return true;
  }

  struct Arriving {
    std::size_t layer;
    archive::Input bytes;  // as transferred; ends where the blob ends
  };
  // The next wanted layer that comes, in the order of the source; nothing after the last. The one
  // before may still be read by another thread.
  virtual std::optional<Arriving> next() = 0;

  // After all were read to their end: throws what the source found wrong. Only then are they whole.
  virtual void finish() = 0;
};

}  // namespace sdme::image
