// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "oci/image.hpp"
#include "os/unique_fd.hpp"

namespace sdme::image {

// The end of the socket to the unit that fetches: docs/architecture.md, "Between fetch and import". What
// comes is as little trusted as what it fetched: packets that are not as they should be are Corrupt.
class Link {
 public:
  using Note = std::function<void(const std::string&)>;  // what it waits for, safe to show

  Link(os::UniqueFd socket, Note note) : socket_(std::move(socket)), note_(std::move(note)) {}

  struct Stream {
    std::uint64_t size;  // 0 unknown
    os::UniqueFd bytes;  // a pipe
  };
  // What is fetched: the first thing that is said. Throws what the other end complains of.
  std::variant<oci::Image, Stream> open();

  void want(const std::vector<std::size_t>& layers);

  // Waits at most so long for what the functions below wait for.
  bool ready(std::chrono::milliseconds patience);

  struct Layer {
    std::size_t number;
    os::UniqueFd bytes;  // a pipe
  };
  Layer next_layer();  // waits; one that is wanted and did not come before
  void wait_done();    // until all was sent and verified

  // What the other end complains of, if it does so soon: a layer that broke off is only known to be
  // damaged, and the other end knows why.
  std::optional<Error> complaint();

 private:
  struct Message {
    json::Value value;
    os::UniqueFd fd;

    bool has(std::string_view key) const { return value.contains(key); }
    os::UniqueFd take(mode_t kind, const std::string& what);
  };
  Message receive();
  Message expect();

  os::UniqueFd socket_;
  Note note_;
  std::set<std::size_t> awaited_;
  std::optional<Message> ahead_;  // received, and not yet used
  bool ended_ = false;
  bool done_ = false;
};

}  // namespace sdme::image
