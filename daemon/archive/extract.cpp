// SPDX-License-Identifier: MIT
#include "archive/extract.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "archive/decompress.hpp"
#include "archive/entry_path.hpp"
#include "archive/metadata.hpp"
#include "archive/tar_reader.hpp"
#include "archive/tree_writer.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::archive {

namespace {

Error refusal(const std::string& path, const std::string& why) {
  return {Errc::kCorrupt, "the archive has an entry " + text::quoted(path) + " " + why};
}

class Extraction {
 public:
  Extraction(os::UniqueFd input, const os::Dir& tree, const Limits& limits)
      : source_(std::move(input), limits.bytes), tar_(source_), writer_(tree), limits_(limits) {}

  Extracted run(const std::function<void(std::uint64_t)>& progress) {
    while (archive_entry* const entry = tar_.next()) {
      ++entries_;
      add(entry, progress);
      check_entries();
    }
    writer_.finish();
    return {source_.digest(), size_, entries_};
  }

 private:
  void add(archive_entry* entry, const std::function<void(std::uint64_t)>& progress) {
    const char* const name = archive_entry_pathname(entry);
    const auto path = entry_path(name ? name : "");
    if (const char* const target = archive_entry_hardlink(entry)) return add_hard_link(path, target);
    auto metadata = Metadata::of(entry, path);
    const auto type = archive_entry_filetype(entry);
    if (path.empty() && type != AE_IFDIR) throw refusal(name, "for the root of the tree that is not a directory");
    switch (type) {
      case AE_IFDIR:
        return writer_.add_directory(path, std::move(metadata));
      case AE_IFREG:
        return add_file(entry, path, std::move(metadata), progress);
      case AE_IFLNK: {
        const char* const target = archive_entry_symlink(entry);
        return writer_.add_symlink(path, target ? target : "", std::move(metadata));
      }
      case AE_IFCHR:
      case AE_IFBLK:
      case AE_IFIFO:
        progress(source_.bytes_read());
        return writer_.add_node(path, type, device_of(entry), std::move(metadata));
      default:
        throw refusal(path, "of an unknown kind");
    }
  }

  static dev_t device_of(archive_entry* entry) {
    if (archive_entry_filetype(entry) == AE_IFIFO) return 0;
    return makedev(static_cast<unsigned>(archive_entry_rdevmajor(entry)),
                   static_cast<unsigned>(archive_entry_rdevminor(entry)));
  }

  // Its content, which some archives repeat, is that of the target.
  void add_hard_link(const std::string& path, const char* target) {
    const auto target_path = entry_path(target);
    if (path.empty() || target_path.empty()) throw refusal(path, "that links the root of the tree");
    writer_.add_hard_link(path, target_path);
  }

  void add_file(archive_entry* entry, const std::string& path, Metadata metadata,
                const std::function<void(std::uint64_t)>& progress) {
    auto file = writer_.add_file(path);
    std::uint64_t end = 0;
    while (const auto piece = tar_.next_piece()) {
      progress(source_.bytes_read());
      write_piece(file.get(), *piece, path);
      end = piece->offset + piece->bytes.size();
      size_ += piece->bytes.size();
    }
    const auto length = archive_entry_size(entry);
    if (static_cast<std::uint64_t>(length) != end && ftruncate(file.get(), length) < 0) {
      throw_errno("writing " + text::quoted(path));
    }
    writer_.close_file(std::move(file), path, std::move(metadata));
  }

  static void write_piece(int file, const TarReader::Piece& piece, const std::string& path) {
    auto bytes = piece.bytes;
    auto offset = static_cast<off_t>(piece.offset);
    while (!bytes.empty()) {
      const ssize_t written = pwrite(file, bytes.data(), bytes.size(), offset);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw_errno("writing " + text::quoted(path));
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      offset += written;
    }
  }

  void check_entries() const {
    if (entries_ <= limits_.entries && writer_.directories_made() <= limits_.entries) return;
    throw Error(Errc::kLimitExceeded, "the archive has more than " + std::to_string(limits_.entries) +
                                          " entries, which is the limit (ImportMaxEntries= in sdmed.conf)");
  }

  Decompressor source_;
  TarReader tar_;
  TreeWriter writer_;
  Limits limits_;
  std::uint64_t size_ = 0;
  std::uint64_t entries_ = 0;
};

}  // namespace

Extracted extract(os::UniqueFd input, const os::Dir& tree, const Limits& limits,
                  const std::function<void(std::uint64_t)>& progress) {
  return Extraction(std::move(input), tree, limits).run(progress);
}

}  // namespace sdme::archive
