// SPDX-License-Identifier: MIT
#include "fetch/blob.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.hpp"

namespace sdme::fetch {

namespace {

void write_at(int file, std::span<const char> bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const auto count = pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno("writing a layer");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    at += static_cast<std::uint64_t>(count);
  }
}

}  // namespace

void Blob::set_whole(os::UniqueFd file) {
  file_ = std::move(file);
  written_ = size();
  whole_ = true;
}

void Blob::begin(os::UniqueFd file) {
  file_ = std::move(file);
  hash_.emplace(descriptor_.digest);
  written_ = 0;
}

void Blob::hash_again(std::span<const char> bytes) {
  held_ = true;
  hash_->add(bytes);
  written_ += bytes.size();
}

void Blob::rewind() {
  hash_.emplace(descriptor_.digest);
  written_ = 0;
  held_ = false;
}

// What comes now may be broken off too, and then nothing wrong must stand behind it.
void Blob::start_over() {
  if (ftruncate(file_.get(), 0) < 0) throw_errno("emptying a wrong download");
  rewind();
}

void Blob::append(std::span<const char> bytes) {
  if (bytes.size() > size() - written_) {
    throw Error(Errc::kVerificationFailed,
                "blob " + shown() + " is longer than the " + std::to_string(size()) + " bytes that the manifest says");
  }
  hash_->add(bytes);
  const auto repeated = std::min<std::uint64_t>(bytes.size(), sent_ > written_ ? sent_ - written_ : 0);
  must_repeat(bytes.first(static_cast<std::size_t>(repeated)));
  write_at(file_.get(), bytes.subspan(static_cast<std::size_t>(repeated)), written_ + repeated);
  written_ += bytes.size();
}

void Blob::must_repeat(std::span<const char> bytes) const {
  std::array<char, 16 * 1024> kept;
  auto at = written_;
  while (!bytes.empty()) {
    const auto count = pread(file_.get(), kept.data(), std::min(bytes.size(), kept.size()), static_cast<off_t>(at));
    if (count <= 0) throw_errno("reading a layer");
    const auto length = static_cast<std::size_t>(count);
    if (std::memcmp(kept.data(), bytes.data(), length) != 0) {
      throw Error(Errc::kVerificationFailed, "blob " + shown() + " came with other bytes when it was fetched again");
    }
    bytes = bytes.subspan(length);
    at += length;
  }
}

void Blob::verify() {
  const auto found = hash_->finish();
  if (found != descriptor_.digest) {
    throw Error(Errc::kVerificationFailed,
                "blob " + shown() + " came with other bytes: they have the digest " + found.str());
  }
  whole_ = true;
  held_ = false;
}

}  // namespace sdme::fetch
