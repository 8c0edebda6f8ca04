// SPDX-License-Identifier: MIT
#include "archive/extract.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "archive/decompress.hpp"
#include "archive/entry_path.hpp"
#include "archive/layer_names.hpp"
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
  Extraction(Decompressor& source, const os::Dir& tree, Meaning meaning, Budget& budget, const BytesRead& progress)
      : source_(source),
        meaning_(meaning),
        budget_(budget),
        progress_(progress),
        tar_(source, meaning),
        writer_(tree, meaning, budget) {}

  Extracted run() {
    while (archive_entry* const entry = tar_.next()) {
      ++entries_;
      budget_.spend_entry();
      add(entry);
    }
    auto unsettled = writer_.finish();
    return {source_.digest(), size_, entries_, has_whiteout_names_, std::move(unsettled)};
  }

 private:
  void add(archive_entry* entry) {
    const char* const name = archive_entry_pathname(entry);
    if (meaning_ == Meaning::kTarball) {
      const auto path = entry_path(name ? name : "");
      has_whiteout_names_ = has_whiteout_names_ || is_of_whiteouts(path);
      return add(entry, path);
    }
    const auto [mark, path] = LayerName::of(entry_path(without_root(name ? name : "")));
    has_whiteout_names_ = has_whiteout_names_ || mark != LayerName::Mark::kNone;
    switch (mark) {
      case LayerName::Mark::kNone:
        return add(entry, path);
      case LayerName::Mark::kWhiteout:
        return writer_.add_whiteout(path);
      case LayerName::Mark::kOpaque:
        return writer_.add_opaque(path);
      case LayerName::Mark::kIgnored:
        return;
    }
  }

  void add(archive_entry* entry, const std::string& path) {
    if (const char* const target = archive_entry_hardlink(entry)) return add_hard_link(path, target);
    auto metadata = Metadata::of(entry, path);
    const auto type = archive_entry_filetype(entry);
    if (path.empty() && type != AE_IFDIR) throw refusal(".", "for the root of the tree that is not a directory");
    switch (type) {
      case AE_IFDIR:
        return writer_.add_directory(path, std::move(metadata));
      case AE_IFREG:
        return add_file(entry, path, std::move(metadata));
      case AE_IFLNK: {
        const char* const target = archive_entry_symlink(entry);
        return writer_.add_symlink(path, target ? target : "", std::move(metadata));
      }
      case AE_IFCHR:
      case AE_IFBLK:
      case AE_IFIFO:
        progress_(source_.bytes_read());
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
    const auto target_path = entry_path(meaning_ == Meaning::kLayer ? without_root(target) : target);
    if (path.empty() || target_path.empty()) throw refusal(path, "that links the root of the tree");
    writer_.add_hard_link(path, target_path);
  }

  void add_file(archive_entry* entry, const std::string& path, Metadata metadata) {
    auto file = writer_.add_file(path, std::move(metadata));
    std::uint64_t end = 0, written = 0;
    while (const auto piece = tar_.next_piece()) {
      progress_(source_.bytes_read());
      write_piece(file.fd.get(), *piece, path);
      end = piece->offset + piece->bytes.size();
      written += piece->bytes.size();
    }
    size_ += written;
    const auto length = archive_entry_size(entry);
    if (length < 0 || static_cast<std::uint64_t>(length) < end) throw refusal(path, "with content beyond its end");
    // An image is made of what its files are said to hold; a system that was packed may well have a
    // file that is all hole, and larger than any disk (lastlog).
    const auto size = static_cast<std::uint64_t>(length);
    if (meaning_ == Meaning::kLayer) budget_.spend_bytes(size - std::min(written, size));  // pieces may overlap
    if (size != end && ftruncate(file.fd.get(), length) < 0) {
      throw_errno("writing " + text::quoted(path));
    }
    writer_.close_file(std::move(file));
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

  Decompressor& source_;
  const Meaning meaning_;
  Budget& budget_;
  const BytesRead& progress_;
  TarReader tar_;
  TreeWriter writer_;
  std::uint64_t size_ = 0;
  std::uint64_t entries_ = 0;
  bool has_whiteout_names_ = false;
};

}  // namespace

Extracted extract(Decompressor& source, const os::Dir& tree, Meaning meaning, Budget& budget,
                  const BytesRead& progress) {
  return Extraction(source, tree, meaning, budget, progress).run();
}

Extracted extract(os::UniqueFd input, const os::Dir& tree, const Limits& limits, const BytesRead& progress) {
  Budget budget(limits);
  Decompressor source(Input(std::move(input)), budget);
  return extract(source, tree, Meaning::kTarball, budget, progress);
}

}  // namespace sdme::archive
