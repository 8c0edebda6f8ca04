// SPDX-License-Identifier: MIT
#include "image/archive_source.hpp"

namespace sdme::image {

void ArchiveSource::want(const std::vector<std::size_t>& layers) {
  wanted_ = layers;
  verifier_ = std::jthread([this](const std::stop_token& stop) { verify(stop); });
}

void ArchiveSource::verify(const std::stop_token& stop) noexcept {
  try {
    for (const auto layer : wanted_) {
      const auto& blob = found_.layers.at(layer);
      if (!blob.digest) continue;  // then its diff id says the same
      archive_.verify(blob.part, *blob.digest, "a layer", [&] { return stop.stop_requested(); });
    }
  } catch (...) {
    failure_ = std::current_exception();
  }
}

std::optional<LayerSource::Arriving> ArchiveSource::next() {
  if (given_ == wanted_.size()) return std::nullopt;
  const auto layer = wanted_[given_++];
  return Arriving{layer, archive_.input(found_.layers.at(layer).part)};
}

void ArchiveSource::finish() {
  if (verifier_.joinable()) verifier_.join();
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace sdme::image
