// SPDX-License-Identifier: MIT
#include "archive/zstd_decoder.hpp"

#include <zstd_errors.h>

#include <algorithm>
#include <new>
#include <string>

#include "base/error.hpp"

namespace sdme::archive {

namespace {

constexpr int kLargestWindow = 27;  // as a power of two

[[noreturn]] void refuse(const std::string& why) {
  throw Error(Errc::kCorrupt, "the archive is damaged or truncated: its zstd stream " + why);
}

std::size_t checked(std::size_t done) {
  if (ZSTD_isError(done) == 0) return done;
  const auto code = ZSTD_getErrorCode(done);
  if (code == ZSTD_error_memory_allocation) throw std::bad_alloc();
  if (code == ZSTD_error_frameParameter_windowTooLarge) {
    throw Error(Errc::kLimitExceeded,
                "the archive needs more than 128 MiB of memory to be decompressed; compress it without --long");
  }
  refuse("is wrong (" + std::string(ZSTD_getErrorName(done)) + ")");
}

}  // namespace

ZstdDecoder::ZstdDecoder(Input& input, std::span<const char> first)
    : input_(input), in_{first.data(), first.size(), 0}, context_(ZSTD_createDCtx()) {
  if (!context_) throw std::bad_alloc();
  checked(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kLargestWindow));
}

std::size_t ZstdDecoder::read(std::span<char> to) {
  ZSTD_outBuffer out{to.data(), to.size(), 0};
  while (out.pos < out.size && !ended_ && more()) {
    within_frame_ = checked(ZSTD_decompressStream(context_.get(), &out, &in_)) != 0;
    all_out_ = !within_frame_ || out.pos < out.size;
  }
  return out.pos;
}

// Whether there is something left to decompress.
bool ZstdDecoder::more() {
  if (!all_out_) return true;
  if (in_.pos == in_.size && !refill()) {
    if (within_frame_) refuse("ends too early");
    ended_ = true;
  } else if (!within_frame_ && static_cast<const char*>(in_.src)[in_.pos] == 0) {
    skip_padding();
  }
  return !ended_;
}

bool ZstdDecoder::refill() {
  const auto block = input_.next();
  in_ = {block.data(), block.size(), 0};
  return !block.empty();
}

// No frame begins with a zero.
void ZstdDecoder::skip_padding() {
  do {
    const std::span rest(static_cast<const char*>(in_.src) + in_.pos, in_.size - in_.pos);
    if (!std::ranges::all_of(rest, [](char byte) { return byte == 0; })) refuse("is followed by something else");
  } while (refill());
  ended_ = true;
}

}  // namespace sdme::archive
