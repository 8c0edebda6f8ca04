// SPDX-License-Identifier: MIT
#include "image/archive_index.hpp"

#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <memory>
#include <span>
#include <utility>

#include "archive/handles.hpp"
#include "archive/tar_reader.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "image/archive_names.hpp"
#include "oci/hash.hpp"
#include "os/file.hpp"

namespace sdme::image {

namespace {

constexpr std::size_t kMostParts = 20'000;
constexpr std::size_t kLongestName = 256;  // of a part
constexpr int kMostLinks = 8;

Error corrupt(const std::string& why) { return {Errc::kCorrupt, why}; }

std::size_t read_at(int file, std::span<char> to, std::uint64_t offset) {
  ssize_t got = 0;
  do {
    got = pread(file, to.data(), to.size(), static_cast<off_t>(offset));
  } while (got < 0 && errno == EINTR);
  if (got < 0) throw_errno("reading the archive");
  return static_cast<std::size_t>(got);
}

std::uint64_t size_of(int file) {
  struct stat found = {};
  if (fstat(file, &found) < 0) throw_errno("looking at the archive");
  return static_cast<std::uint64_t>(found.st_size);
}

}  // namespace

// Reads the headers: libarchive is given blocks, and content is skipped by moving on.
class ArchiveIndex::Scan {
 public:
  Scan(ArchiveIndex& index, std::uint64_t offset)
      : index_(index), start_(offset), position_(offset), end_(size_of(index.file_.get())) {
    if (archive_read_support_format_tar(reader_.get()) != ARCHIVE_OK) {
      throw Error(Errc::kInternal, "libarchive cannot read tar");
    }
    if (archive_read_open2(reader_.get(), this, nullptr, &Scan::read, &Scan::skip, nullptr) != ARCHIVE_OK) damaged();
  }

  void run(std::uint64_t most_entries) {
    std::uint64_t count = 0;
    while (auto* const entry = next()) {
      if (++count > most_entries) {
        throw Error(Errc::kLimitExceeded, "the archive has more than " + std::to_string(most_entries) +
                                              " entries, which is the limit (ImportMaxEntries= in sdmed.conf)");
      }
      add(entry);
    }
  }

 private:
  archive_entry* next() {
    archive_entry* entry = nullptr;
    read_ = 0;
    const int found = archive_read_next_header(reader_.get(), &entry);
    if (found == ARCHIVE_EOF) return nullptr;
    // A warning is about the charset of a name, and names of images have none.
    if (found != ARCHIVE_OK && found != ARCHIVE_WARN) damaged();
    return entry;
  }

  void add(archive_entry* entry) {
    const char* const said = archive_entry_pathname(entry);
    const auto name = plain_name(said ? said : "");
    if (!name) throw corrupt("the archive has an entry " + text::quoted(said ? said : "") + " that leads out of it");
    if (name->size() > kLongestName || !is_name_in_image(*name) || archive_entry_filetype(entry) == AE_IFDIR) return;
    if (index_.entries_.size() >= kMostParts) {
      throw Error(Errc::kLimitExceeded, "the archive has parts of images beyond " + std::to_string(kMostParts));
    }
    if (!index_.entries_.emplace(*name, described(entry, *name)).second) {
      throw corrupt("the archive has " + text::quoted(*name) + " twice");
    }
  }

  Entry described(archive_entry* entry, const std::string& name) const {
    if (const char* const target = archive_entry_hardlink(entry)) return link(name, plain_name(target));
    if (archive_entry_filetype(entry) == AE_IFLNK) {
      const char* const target = archive_entry_symlink(entry);
      return link(name, plain_target(name, target ? target : ""));
    }
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_sparse_count(entry) > 0) {
      throw corrupt("the archive has an entry " + text::quoted(name) + " that is no plain file");
    }
    const Part part{.offset = start_ + static_cast<std::uint64_t>(archive_filter_bytes(reader_.get(), 0)),
                    .size = static_cast<std::uint64_t>(archive_entry_size(entry))};
    if (part.offset > end_ || part.size > end_ - part.offset) throw corrupt("the archive is truncated");
    return {.part = part, .target = ""};
  }

  static Entry link(const std::string& name, const std::optional<std::string>& target) {
    if (!target || target->empty()) {
      throw corrupt("the archive has a link " + text::quoted(name) + " that leads out of it");
    }
    if (target->size() > kLongestName) throw corrupt("the archive has a link " + text::quoted(name) + " to no part");
    return {.part = {}, .target = *target};
  }

  [[noreturn]] void damaged() const {
    if (failure_) std::rethrow_exception(failure_);
    const char* const reason = archive_error_string(reader_.get());
    throw corrupt("the archive is damaged or truncated" + (reason ? ": " + text::printable(reason) : std::string()));
  }

  static la_ssize_t read(struct archive* reader, void* self, const void** buffer) {
    auto& scan = *static_cast<Scan*>(self);
    try {
      const auto got = read_at(scan.index_.file_.get(), scan.block_, scan.position_);
      scan.position_ += got;
      scan.read_ += got;
      if (scan.read_ > archive::TarReader::kLongestHeaders + 2 * kBlock) {
        throw Error(Errc::kLimitExceeded, "the archive has more than 4 MiB of headers for one entry");
      }
      *buffer = scan.block_.data();
      return static_cast<la_ssize_t>(got);
    } catch (...) {
      scan.failure_ = std::current_exception();
      archive_set_error(reader, EIO, "reading failed");
      return -1;
    }
  }

  // Never past the end, so that what is missing there is noticed.
  static la_int64_t skip(struct archive*, void* self, la_int64_t request) {
    auto& scan = *static_cast<Scan*>(self);
    const auto left = scan.end_ - std::min(scan.end_, scan.position_);
    const auto skipped = std::min(left, static_cast<std::uint64_t>(std::max<la_int64_t>(request, 0)));
    scan.position_ += skipped;
    return static_cast<la_int64_t>(skipped);
  }

  static constexpr std::size_t kBlock = std::size_t{16} * 1024;

  ArchiveIndex& index_;
  const std::uint64_t start_;
  std::uint64_t position_;
  const std::uint64_t end_;
  std::uint64_t read_ = 0;  // since the last entry: content is skipped
  std::array<char, kBlock> block_ = {};
  std::exception_ptr failure_;  // while C frames are on the stack
  archive::Reader reader_ = archive::new_reader();
};

ArchiveIndex::ArchiveIndex(os::UniqueFd file, std::uint64_t offset, std::uint64_t most_entries)
    : file_(std::move(file)) {
  std::make_unique<Scan>(*this, offset)->run(most_entries);
}

ArchiveIndex::Part ArchiveIndex::find(std::string_view name, const std::string& what) const {
  auto entry = entries_.find(name);
  for (int links = 0; entry != entries_.end(); ++links) {
    if (entry->second.target.empty()) return entry->second.part;
    if (links == kMostLinks)
      throw corrupt(what + " is a link in the archive that leads nowhere, in circles or too far");
    entry = entries_.find(entry->second.target);
  }
  throw corrupt(what + " is missing in the archive");
}

std::string ArchiveIndex::read(const Part& part, std::uint64_t limit, const std::string& what) const {
  if (part.size > limit) {
    throw Error(Errc::kLimitExceeded, what + " is larger than " + std::to_string(limit) + " bytes");
  }
  std::string text(part.size, '\0');
  for (std::size_t done = 0; done < text.size();) {
    const auto got = read_at(file_.get(), std::span(text).subspan(done), part.offset + done);
    if (got == 0) throw corrupt("the archive is truncated");
    done += got;
  }
  return text;
}

archive::Input ArchiveIndex::input(const Part& part) const {
  return {os::duplicate(file_.get()), part.offset, part.size};
}

void ArchiveIndex::verify(const Part& part, const oci::Digest& digest, const std::string& what,
                          const std::function<bool()>& stop) const {
  auto input = this->input(part);
  oci::Hash hash(digest);
  while (true) {
    const auto block = input.next();
    if (block.empty()) break;
    if (stop()) return;
    hash.add(block);
  }
  if (hash.finish() != digest) {
    throw Error(Errc::kVerificationFailed, what + " does not match its digest " + digest.str());
  }
}

}  // namespace sdme::image
