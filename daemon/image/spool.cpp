// SPDX-License-Identifier: MIT
#include "image/spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>

#include "base/error.hpp"

namespace sdme::image {

namespace {

constexpr std::size_t kHole = 4096;  // the usual block of a file system: smaller holes save nothing
constexpr mode_t kMode = 0600;

bool is_zero(std::span<const char> bytes) {
  return std::ranges::all_of(bytes, [](char byte) { return byte == 0; });
}

void write_at(int file, std::span<const char> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("keeping the image for a while");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

// Blocks of the source begin where a hole may, but for the last they are full.
void write_sparsely(int file, std::span<const char> block, std::uint64_t offset) {
  while (!block.empty()) {
    std::size_t length = 0;
    while (length < block.size() && !is_zero(block.subspan(length, std::min(kHole, block.size() - length)))) {
      length = std::min(length + kHole, block.size());
    }
    write_at(file, block.first(length), offset);
    const auto passed = std::min(length + kHole, block.size());
    block = block.subspan(passed);
    offset += passed;
  }
}

template <typename Write>
std::uint64_t for_each_block(archive::Decompressor& source, const Spooled& progress, const Write& write) {
  std::uint64_t size = 0;
  while (true) {
    const auto block = source.next();
    if (block.empty()) return size;
    write(block, size);
    size += block.size();
    progress();
  }
}

}  // namespace

os::UniqueFd spool_unnamed(archive::Decompressor& source, const os::Dir& staging, const Spooled& progress) {
  os::UniqueFd file(openat(staging.fd(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, kMode));
  if (!file) throw_errno("making a file for the image");
  for_each_block(source, progress, [&](auto block, auto offset) { write_at(file.get(), block, offset); });
  return file;
}

void spool_sparsely(archive::Decompressor& source, const os::Dir& staging, const std::string& name,
                    const Spooled& progress) {
  const auto file = staging.open_file(name, O_WRONLY | O_CREAT | O_EXCL, kMode);
  const auto size =
      for_each_block(source, progress, [&](auto block, auto offset) { write_sparsely(file.get(), block, offset); });
  if (ftruncate(file.get(), static_cast<off_t>(size)) < 0) throw_errno("keeping the image for a while");
}

}  // namespace sdme::image
