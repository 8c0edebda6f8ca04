// SPDX-License-Identifier: MIT
#include "archive/gzip_decoder.hpp"

#include <algorithm>
#include <new>
#include <string>

#include "base/error.hpp"

namespace sdme::archive {

namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;  // inflateInit2()
constexpr unsigned char kMagic = 0x1f;     // its first byte; inflate() checks the rest

void give(z_stream& stream, std::span<const char> bytes) {
  // zlib reads only, but its type does not say so.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
}

[[noreturn]] void refuse(const std::string& why) {
  throw Error(Errc::kCorrupt, "the archive is damaged or truncated: its gzip stream " + why);
}

}  // namespace

GzipDecoder::GzipDecoder(Input& input, std::span<const char> first) : input_(input) {
  if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  give(stream_, first);
}

GzipDecoder::~GzipDecoder() { inflateEnd(&stream_); }

std::size_t GzipDecoder::read(std::span<char> to) {
  stream_.next_out = reinterpret_cast<Bytef*>(to.data());
  stream_.avail_out = static_cast<uInt>(to.size());
  while (stream_.avail_out > 0 && !ended_) {
    if (stream_.avail_in == 0 && !refill()) refuse("ends too early");
    const int done = inflate(&stream_, Z_NO_FLUSH);
    if (done == Z_MEM_ERROR) throw std::bad_alloc();
    if (done != Z_OK && done != Z_STREAM_END)
      refuse(std::string("is wrong (") + (stream_.msg ? stream_.msg : "?") + ")");
    if (done == Z_STREAM_END) ended_ = !begin_next_member();
  }
  return to.size() - stream_.avail_out;
}

bool GzipDecoder::refill() {
  const auto block = input_.next();
  give(stream_, block);
  return !block.empty();
}

// False at the end of the input, where zeros may follow the last member.
bool GzipDecoder::begin_next_member() {
  if (stream_.avail_in == 0 && !refill()) return false;
  if (*stream_.next_in == kMagic) return inflateReset(&stream_) == Z_OK;
  do {
    const std::span rest(stream_.next_in, stream_.avail_in);
    if (!std::ranges::all_of(rest, [](auto byte) { return byte == 0; })) refuse("is followed by something else");
  } while (refill());
  return false;
}

}  // namespace sdme::archive
