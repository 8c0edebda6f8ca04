// SPDX-License-Identifier: MIT
#include "archive/decompress.hpp"

#include <utility>

#include "archive/decoder.hpp"

namespace sdme::archive {

Decompressor::Decompressor(Input input, Budget& budget)
    : input_(std::move(input)), budget_(budget), thread_([this] { run(); }) {}

Decompressor::~Decompressor() {
  input_.break_off();
  queue_.give_up();
  thread_.join();
}

std::span<const char> Decompressor::next() {
  const auto block = ahead_ ? *std::exchange(ahead_, std::nullopt) : queue_.pop();
  if (!hashes_ahead_) digest_.add(block);
  return block;
}

void Decompressor::run() noexcept {
  try {
    decompress();
    queue_.close(nullptr);
  } catch (...) {
    queue_.close(std::current_exception());
  }
}

void Decompressor::decompress() {
  const auto decoder = make_decoder(input_);
  hashes_ahead_ = !decoder->decompresses();
  while (true) {
    const auto block = queue_.free_block();
    if (block.empty()) return;
    const auto filled = decoder->read(block);
    if (filled > 0) deliver(block.first(filled));
    if (filled < block.size()) return;
  }
}

void Decompressor::deliver(std::span<const char> block) {
  budget_.spend_bytes(block.size());
  if (hashes_ahead_) digest_.add(block);
  queue_.push(block.size());
}

}  // namespace sdme::archive
