// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "oci/image.hpp"
#include "os/unique_fd.hpp"

namespace sdme::fetch {

// The socket to the unit that unpacks: docs/architecture.md, "Between fetch and import". That it has gone
// is seen where its answer is waited for.
class Link {
 public:
  explicit Link(os::UniqueFd socket) : socket_(std::move(socket)) {}

  int fd() const { return socket_.get(); }

  void image(const oci::Image& image) const;
  // Waits for what it wants of so many layers: places, in ascending order, each once. Cancelled when
  // it has gone.
  std::vector<std::size_t> wanted(std::size_t layers) const;
  void layer(std::size_t place, int pipe) const;
  void stream(const std::string& name, std::uint64_t size, int pipe) const;
  void note(const std::string& text) const;
  void done() const;
  void error(Errc code, const std::string& message) const;

  // Something came while nothing is to come: Cancelled when it has gone.
  void heed() const;

 private:
  void say(const json::Value& packet, int fd = -1) const;

  os::UniqueFd socket_;
};

}  // namespace sdme::fetch
