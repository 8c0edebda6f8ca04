// SPDX-License-Identifier: MIT
#include "archive/gzip_decoder.hpp"

#include <algorithm>
#include <string>

#include "base/error.hpp"

namespace sdme::archive {

namespace {

constexpr unsigned char kMagic = 0x1f;  // the first byte of a member; the decoder checks the rest

[[noreturn]] void refuse(const std::string& why) {
  throw Error(Errc::kCorrupt, "the archive is damaged or truncated: its gzip stream " + why);
}

std::string reason(int code) {
  switch (code) {
    case ISAL_INCORRECT_CHECKSUM:
      return "incorrect check sum or length";
    case ISAL_INVALID_WRAPPER:
    case ISAL_UNSUPPORTED_METHOD:
      return "incorrect header";
    default:
      return "invalid compressed data";
  }
}

}  // namespace

GzipDecoder::GzipDecoder(Input& input, std::span<const char> first) : input_(input) {
  isal_inflate_init(stream_.get());
  stream_->crc_flag = ISAL_GZIP;
  give(first);
}

void GzipDecoder::give(std::span<const char> bytes) {
  // ISA-L reads only, but its type does not say so.
  stream_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
  stream_->avail_in = static_cast<std::uint32_t>(bytes.size());
}

std::size_t GzipDecoder::read(std::span<char> to) {
  stream_->next_out = reinterpret_cast<std::uint8_t*>(to.data());
  stream_->avail_out = static_cast<std::uint32_t>(to.size());
  while (stream_->avail_out > 0 && !ended_) {
    inflate_some();
    if (stream_->block_state == ISAL_BLOCK_FINISH) ended_ = !begin_next_member();
  }
  return to.size() - stream_->avail_out;
}

// What the decoder holds back comes out without new input too, so its end shows only where nothing does.
void GzipDecoder::inflate_some() {
  const bool fed = stream_->avail_in > 0 || refill();
  const auto room = stream_->avail_out;
  const int done = isal_inflate(stream_.get());
  if (done < 0 || done == ISAL_NEED_DICT) refuse("is wrong (" + reason(done) + ")");
  if (!fed && stream_->avail_out == room && stream_->block_state != ISAL_BLOCK_FINISH) refuse("ends too early");
}

bool GzipDecoder::refill() {
  const auto block = input_.next();
  give(block);
  return !block.empty();
}

// False at the end of the input, where zeros may follow the last member.
bool GzipDecoder::begin_next_member() {
  if (stream_->avail_in == 0 && !refill()) return false;
  if (*stream_->next_in == kMagic) {
    isal_inflate_reset(stream_.get());
    stream_->crc_flag = ISAL_GZIP;
    return true;
  }
  do {
    const std::span rest(stream_->next_in, stream_->avail_in);
    if (!std::ranges::all_of(rest, [](auto byte) { return byte == 0; })) refuse("is followed by something else");
  } while (refill());
  return false;
}

}  // namespace sdme::archive
