// SPDX-License-Identifier: MIT
#include "archive/decoder.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "archive/gzip_decoder.hpp"
#include "archive/handles.hpp"
#include "archive/zstd_decoder.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::archive {

namespace {

struct Compression {
  std::string_view name;
  std::string_view magic;
  int filter;
};

// Chosen here and not by libarchive's bidding, which follows nested compression and knows filters
// that run programs.
constexpr Compression kCompressions[] = {
    {"gzip", "\x1f\x8b", ARCHIVE_FILTER_GZIP},
    {"bzip2", "BZh", ARCHIVE_FILTER_BZIP2},
    {"xz", std::string_view("\xfd\x37zXZ\0", 6), ARCHIVE_FILTER_XZ},
    {"zstd", "\x28\xb5\x2f\xfd", ARCHIVE_FILTER_ZSTD},
};

const Compression* compression_of(std::string_view start) {
  const auto found = std::ranges::find_if(kCompressions, [&](const auto& row) { return start.starts_with(row.magic); });
  if (found != std::ranges::end(kCompressions)) return found;
  // A zstd stream may begin with a skippable frame: sixteen magics (RFC 8878 section 3.1.2).
  const bool skippable = start.size() >= 4 && (start[0] & 0xF0) == 0x50 && start.substr(1).starts_with("\x2a\x4d\x18");
  return skippable ? std::ranges::find(kCompressions, ARCHIVE_FILTER_ZSTD, &Compression::filter) : nullptr;
}

// libarchive with exactly one filter. Exceptions wait here while C frames are on the stack.
class FilterDecoder : public Decoder {
 public:
  FilterDecoder(Input& input, std::span<const char> first, const Compression& compression)
      : input_(input), first_(first), compression_(compression) {
    if (archive_read_append_filter(reader_.get(), compression.filter) != ARCHIVE_OK ||
        archive_read_support_format_raw(reader_.get()) != ARCHIVE_OK ||
        archive_read_support_format_empty(reader_.get()) != ARCHIVE_OK) {
      throw Error(Errc::kInternal, "libarchive cannot decompress: " + reason());
    }
    const int opened = archive_read_open(reader_.get(), this, nullptr, &FilterDecoder::feed, nullptr);
    // What breaks at its first byte opens like nothing at all, with only the error left to tell.
    if (opened != ARCHIVE_OK || archive_errno(reader_.get()) != 0) refuse();
    archive_entry* entry = nullptr;
    const int found = archive_read_next_header(reader_.get(), &entry);
    if (found != ARCHIVE_OK && found != ARCHIVE_EOF) refuse();
    ended_ = found == ARCHIVE_EOF;
    if (ended_) check_end();
  }

  std::size_t read(std::span<char> to) override {
    if (ended_) return 0;
    const auto got = archive_read_data(reader_.get(), to.data(), to.size());
    if (got < 0) refuse();
    const auto filled = static_cast<std::size_t>(got);
    ended_ = filled < to.size();
    if (ended_) check_end();
    return filled;
  }

 private:
  static la_ssize_t feed(struct archive* reader, void* self, const void** buffer) {
    auto& decoder = *static_cast<FilterDecoder*>(self);
    try {
      const auto block = decoder.first_.empty() ? decoder.input_.next() : std::exchange(decoder.first_, {});
      decoder.given_ += block.size();
      *buffer = block.data();
      return static_cast<la_ssize_t>(block.size());
    } catch (...) {
      decoder.failure_ = std::current_exception();
      archive_set_error(reader, EIO, "reading failed");
      return -1;
    }
  }

  // bzip2 ends where the next member does not look like one.
  void check_end() {
    const auto used = static_cast<std::uint64_t>(archive_filter_bytes(reader_.get(), -1));
    for (const auto piece : input_.last(given_ - used)) check_padding(piece);
    while (true) {
      const auto block = input_.next();
      if (block.empty()) return;
      check_padding(block);
    }
  }

  void check_padding(std::span<const char> bytes) const {
    if (!std::ranges::all_of(bytes, [](char byte) { return byte == 0; }))
      refuse_because("is followed by something else");
  }

  [[noreturn]] void refuse() const {
    if (failure_) std::rethrow_exception(failure_);
    refuse_because("is wrong (" + reason() + ")");
  }

  [[noreturn]] void refuse_because(const std::string& why) const {
    throw Error(Errc::kCorrupt,
                "the archive is damaged or truncated: its " + std::string(compression_.name) + " stream " + why);
  }

  std::string reason() const {
    const char* const text = archive_error_string(reader_.get());
    return text ? text::printable(text) : "?";
  }

  Input& input_;
  std::span<const char> first_;
  const Compression& compression_;
  Reader reader_ = new_reader();
  std::uint64_t given_ = 0;
  bool ended_ = false;
  std::exception_ptr failure_;
};

class PlainDecoder : public Decoder {
 public:
  PlainDecoder(Input& input, std::span<const char> first) : input_(input), rest_(first) {}

  std::size_t read(std::span<char> to) override {
    std::size_t filled = 0;
    while (filled < to.size()) {
      if (rest_.empty()) rest_ = input_.next();
      if (rest_.empty()) break;
      const auto count = std::min(rest_.size(), to.size() - filled);
      std::ranges::copy(rest_.first(count), to.begin() + static_cast<std::ptrdiff_t>(filled));
      rest_ = rest_.subspan(count);
      filled += count;
    }
    return filled;
  }

  bool decompresses() const override { return false; }

 private:
  Input& input_;
  std::span<const char> rest_;
};

}  // namespace

bool is_compressed(std::span<const char> start) { return compression_of({start.data(), start.size()}) != nullptr; }

std::unique_ptr<Decoder> make_decoder(Input& input) {
  const auto first = input.next();
  const auto* const compression = compression_of({first.data(), first.size()});
  if (!compression) return std::make_unique<PlainDecoder>(input, first);
  if (compression->filter == ARCHIVE_FILTER_GZIP) return std::make_unique<GzipDecoder>(input, first);
  if (compression->filter == ARCHIVE_FILTER_ZSTD) return std::make_unique<ZstdDecoder>(input, first);
  return std::make_unique<FilterDecoder>(input, first, *compression);
}

}  // namespace sdme::archive
