// SPDX-License-Identifier: MIT
#include "archive/tar_stream.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <cstdio>
#include <cstring>
#include <numeric>
#include <stdexcept>

namespace sdme::test {

namespace {

constexpr std::size_t kRecord = 512;

void pad(std::string& text) { text.resize((text.size() + kRecord - 1) / kRecord * kRecord, '\0'); }

void octal(std::string& header, std::size_t at, std::size_t width, std::uint64_t value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%0*llo", static_cast<int>(width - 1), static_cast<unsigned long long>(value));
  header.replace(at, std::strlen(digits), digits);
}

// POSIX.1-2008, pax, "ustar Interchange Format".
std::string header_of(const TarEntry& entry) {
  std::string header(kRecord, '\0');
  header.replace(0, std::min<std::size_t>(entry.name.size(), 100), entry.name, 0, 100);
  octal(header, 100, 8, entry.mode);
  octal(header, 108, 8, entry.uid);
  octal(header, 116, 8, entry.uid);
  octal(header, 124, 12,
        entry.claimed_size < 0 ? entry.content.size() : static_cast<std::uint64_t>(entry.claimed_size));
  octal(header, 136, 12, 1'000'000'000);
  header.replace(148, 8, 8, ' ');
  header[156] = entry.type;
  header.replace(157, std::min<std::size_t>(entry.link.size(), 100), entry.link, 0, 100);
  header.replace(257, 8, std::string_view("ustar\00000", 8));
  octal(header, 329, 8, entry.major);
  octal(header, 337, 8, entry.minor);
  const auto sum = std::accumulate(header.begin(), header.end(), std::uint64_t{0},
                                   [](auto so_far, char byte) { return so_far + static_cast<unsigned char>(byte); });
  octal(header, 148, 7, sum);
  return header;
}

int filter_of(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return ARCHIVE_FILTER_GZIP;
    case Compression::kBzip2:
      return ARCHIVE_FILTER_BZIP2;
    case Compression::kXz:
      return ARCHIVE_FILTER_XZ;
    case Compression::kZstd:
      return ARCHIVE_FILTER_ZSTD;
  }
  throw std::logic_error("unknown compression");
}

}  // namespace

const std::string kEndMark(2 * kRecord, '\0');

std::string tar(const TarEntry& entry) {
  std::string content = entry.content;
  pad(content);
  return header_of(entry) + content;
}

std::string directory(const std::string& name, unsigned mode) { return tar({.name = name, .type = '5', .mode = mode}); }

std::string file(const std::string& name, const std::string& content) {
  return tar({.name = name, .content = content});
}

std::string symlink(const std::string& name, const std::string& target) {
  return tar({.name = name, .type = '2', .link = target, .mode = 0777});
}

std::string hard_link(const std::string& name, const std::string& target) {
  return tar({.name = name, .type = '1', .link = target});
}

std::string pax(const std::string& records) { return tar({.name = "pax", .type = 'x', .content = records}); }

// The length counts its own digits.
std::string pax_record(std::string_view key, std::string_view value) {
  const auto rest = key.size() + value.size() + 3;
  auto length = rest + 1;
  while (length != rest + std::to_string(length).size()) ++length;
  return std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

std::string compressed(std::string_view bytes, Compression compression) {
  std::string packed(bytes.size() * 2 + 65536, '\0');
  std::size_t used = 0;
  const auto must = [](auto done) {
    if (done < 0) throw std::runtime_error("libarchive cannot compress");
  };
  struct archive* const writer = archive_write_new();
  archive_entry* const entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  must(archive_write_add_filter(writer, filter_of(compression)));
  must(archive_write_set_format_raw(writer));
  must(archive_write_set_bytes_in_last_block(writer, 1));
  must(archive_write_open_memory(writer, packed.data(), packed.size(), &used));
  must(archive_write_header(writer, entry));
  must(archive_write_data(writer, bytes.data(), bytes.size()));
  must(archive_write_close(writer));
  archive_entry_free(entry);
  archive_write_free(writer);
  packed.resize(used);
  return packed;
}

}  // namespace sdme::test
