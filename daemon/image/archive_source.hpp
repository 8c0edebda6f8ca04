// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <thread>
#include <vector>

#include "image/archived_image.hpp"
#include "image/layer_source.hpp"

namespace sdme::image {

// The layers of an image that lies in an archive. Each is read where it is, and once more by a thread
// that verifies its digest meanwhile.
class ArchiveSource : public LayerSource {
 public:
  // The archive outlives it.
  ArchiveSource(const ArchiveIndex& archive, ArchivedImage found) : archive_(archive), found_(std::move(found)) {}

  const oci::Image& image() const override { return found_.image; }
  void want(const std::vector<std::size_t>& layers) override;
  std::optional<Arriving> next() override;
  void finish() override;

 private:
  void verify(const std::stop_token& stop) noexcept;

  const ArchiveIndex& archive_;
  const ArchivedImage found_;
  std::vector<std::size_t> wanted_;
  std::size_t given_ = 0;  // of these
  std::exception_ptr failure_;  // of the thread, once it is joined
  std::jthread verifier_;       // last: it uses all the others
};

}  // namespace sdme::image
