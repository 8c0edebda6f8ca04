// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "archive/input.hpp"

namespace sdme::archive {

// Turns the bytes of an Input into plain ones. Damage and cuts are Corrupt, also where only a
// checksum or what follows the last member shows them; padding with zeros is allowed there.
class Decoder {
 public:
  Decoder() = default;
  virtual ~Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Fills `to` wholly unless the stream ends in it.
  virtual std::size_t read(std::span<char> to) = 0;

  virtual bool decompresses() const { return true; }  // rather than pass on what comes
};

// Chosen by how the input begins: gzip, bzip2, xz, zstd, or not compressed at all. One level only:
// what is compressed twice comes out compressed.
std::unique_ptr<Decoder> make_decoder(Input& input);

// Whether an input that begins so is one of the compressed ones.
bool is_compressed(std::span<const char> start);

}  // namespace sdme::archive
