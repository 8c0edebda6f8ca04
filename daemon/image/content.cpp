// SPDX-License-Identifier: MIT
#include "image/content.hpp"

#include <archive_entry.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/handles.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "image/archive_names.hpp"

namespace sdme::image {

namespace {

using namespace std::string_view_literals;

struct Mark {
  std::size_t offset;
  std::string_view bytes;
};

// QCOW2; a GUID partition table, of sectors of 512 and of 4096 bytes; file systems that Linux
// systems are on: ext2 to ext4, XFS, btrfs, F2FS, SquashFS, EROFS; LUKS, LVM, which the disk room
// has a sentence for.
constexpr Mark kDisks[] = {
    {0, "QFI\xfb"sv},
    {512, "EFI PART"sv},
    {4096, "EFI PART"sv},
    {1024 + 56, "\x53\xef"sv},
    {0, "XFSB"sv},
    {65536 + 64, "_BHRfS_M"sv},
    {1024, "\x10\x20\xf5\xf2"sv},
    {0, "hsqs"sv},
    {1024, "\xe2\xe1\xf5\xe0"sv},
    {0, "LUKS\xba\xbe"sv},
    {512, "LABELONE"sv},
};

struct Foreign {
  Mark mark;
  std::string_view name;
};
constexpr Foreign kForeign[] = {
    {{0, "KDMV"sv}, "VMDK"},    {{0, "# Disk DescriptorFile"sv}, "VMDK"}, {{0, "vhdxfile"sv}, "VHDX"},
    {{0, "conectix"sv}, "VHD"}, {{64, "\x7f\x10\xda\xbe"sv}, "VDI"},
};

bool has(std::string_view start, const Mark& mark) {
  return start.size() >= mark.offset && start.substr(mark.offset).starts_with(mark.bytes);
}

// A boot sector is of a disk only if its table makes sense: FAT has the same signature.
bool has_partition_table(std::string_view start) {
  constexpr std::size_t kTable = 446;
  constexpr std::size_t kEntry = 16;
  if (!has(start, {510, "\x55\xaa"sv})) return false;
  bool any = false;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto entry = start.substr(kTable + i * kEntry, kEntry);
    const auto number = [&](std::size_t at) {
      std::uint32_t value = 0;
      for (std::size_t byte = 4; byte-- > 0;) value = value << 8 | static_cast<unsigned char>(entry[at + byte]);
      return value;
    };
    if (entry[0] != 0 && entry[0] != '\x80') return false;
    if (entry[4] == 0) continue;
    if (number(8) == 0 || number(12) == 0) return false;
    any = true;
  }
  return any;
}

// The first entry of a tar stream that is not its root; "" when nothing but that can be seen.
// Nothing at all when this is no tar stream.
std::optional<std::string> first_name(std::span<const char> start) {
  const auto reader = archive::new_reader();
  if (archive_read_support_format_tar(reader.get()) != ARCHIVE_OK ||
      archive_read_open_memory(reader.get(), start.data(), start.size()) != ARCHIVE_OK) {
    return std::nullopt;
  }
  std::optional<std::string> name;
  archive_entry* entry = nullptr;
  while (true) {
    const int found = archive_read_next_header(reader.get(), &entry);
    if (found != ARCHIVE_OK && found != ARCHIVE_WARN) return name;
    const char* const said = archive_entry_pathname(entry);
    name = plain_name(said ? said : "").value_or("");
    const bool is_root = name->empty() && archive_entry_filetype(entry) == AE_IFDIR;
    if (!is_root) return name;
  }
}

}  // namespace

Content content_of(std::span<const char> start) {
  const std::string_view text(start.data(), start.size());
  if (has(text, kDisks[0])) return Content::kDisk;
  if (const auto name = first_name(start)) {
    return is_name_in_image(*name) ? Content::kImageArchive : Content::kTarball;
  }
  for (const auto& [mark, name] : kForeign) {
    if (!has(text, mark)) continue;
    throw Error(Errc::kUnsupportedFormat, "this is a disk image in the format " + std::string(name) +
                                              "; convert it with: qemu-img convert -O qcow2");
  }
  const bool is_disk = std::ranges::any_of(kDisks, [&](const Mark& mark) { return has(text, mark); });
  return is_disk || has_partition_table(text) ? Content::kDisk : Content::kTarball;
}

}  // namespace sdme::image
