// SPDX-License-Identifier: MIT
#include "disk/qcow2.hpp"

#include <endian.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::disk {

namespace {

constexpr std::array<char, 4> kMagic = {'Q', 'F', 'I', '\xfb'};
constexpr std::size_t kHeader = 80;  // up to and with the incompatible features of version 3
constexpr std::size_t kLongestName = 1023;

// Incompatible features of version 3. The first says that reference counts may be stale, which only a
// writer minds; the last two are ways to store, which qemu reads.
constexpr std::uint64_t kDirty = 1U << 0U;
constexpr std::uint64_t kCorrupt = 1U << 1U;
constexpr std::uint64_t kExternalData = 1U << 2U;
constexpr std::uint64_t kCompressionType = 1U << 3U;
constexpr std::uint64_t kExtendedEntries = 1U << 4U;
constexpr std::uint64_t kReadable = kDirty | kCompressionType | kExtendedEntries;

std::size_t read_at(int image, std::span<char> to, std::uint64_t offset) {
  const ssize_t count = pread(image, to.data(), to.size(), static_cast<off_t>(offset));
  if (count < 0) throw_errno("reading the disk image");
  return static_cast<std::size_t>(count);
}

std::uint32_t u32(std::span<const char> header, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, header.data() + at, sizeof value);
  return be32toh(value);
}

std::uint64_t u64(std::span<const char> header, std::size_t at) {
  std::uint64_t value = 0;
  std::memcpy(&value, header.data() + at, sizeof value);
  return be64toh(value);
}

Error unsupported(const std::string& why) { return {Errc::kUnsupportedFormat, "the QCOW2 image " + why}; }

void refuse_backing_file(int image, std::span<const char> header) {
  const auto offset = u64(header, 8);
  const std::size_t length = u32(header, 16);
  if (offset == 0 && length == 0) return;
  std::string name(std::min(length, kLongestName), '\0');
  name.resize(offset > INT64_MAX ? 0 : read_at(image, name, offset));
  throw unsupported("is only the difference to another image, " + text::quoted(name) +
                    "; make one that stands alone with: qemu-img convert -O qcow2 IMAGE NEW");
}

void check_features(std::uint64_t features) {
  if ((features & kExternalData) != 0) throw unsupported("keeps its data in another file");
  if ((features & kCorrupt) != 0) {
    throw Error(Errc::kCorrupt, "the QCOW2 image is marked as corrupt; qemu-img check -r all may repair it");
  }
  if ((features & ~kReadable) != 0) throw unsupported("has features that are not known here");
}

}  // namespace

bool is_qcow2(int image) {
  std::array<char, 4> magic = {};
  return read_at(image, magic, 0) == magic.size() && magic == kMagic;
}

bool check_qcow2(int image) {
  std::array<char, kHeader> header = {};
  constexpr std::size_t kVersion2Header = 72;
  if (read_at(image, header, 0) < kVersion2Header) throw Error(Errc::kCorrupt, "the QCOW2 image is truncated");
  const auto version = u32(header, 4);
  if (version != 2 && version != 3) throw unsupported("is of version " + std::to_string(version));
  refuse_backing_file(image, header);
  if (u32(header, 32) != 0) throw unsupported("is encrypted");
  if (version == 2) return true;
  const auto features = u64(header, 72);
  check_features(features);
  return (features & kDirty) == 0;
}

}  // namespace sdme::disk
