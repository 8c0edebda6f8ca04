// SPDX-License-Identifier: MIT
#include "archive/tar_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "archive/long_names.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::archive {

namespace {

void must(int done) {
  if (done != ARCHIVE_OK) throw Error(Errc::kInternal, "libarchive cannot read tar");
}

bool is_zero(char byte) { return byte == 0; }

// A name that is not UTF-8, or not of our locale, is kept as the bytes it is.
bool is_only_about_charset(std::string_view warning) { return warning.contains("can't be converted"); }

}  // namespace

TarReader::TarReader(Decompressor& source, Meaning meaning) : source_(source), meaning_(meaning) {
  must(archive_read_support_format_tar(reader_.get()));
  if (take_block().empty() && meaning == Meaning::kTarball) throw Error(Errc::kCorrupt, "the archive is empty");
  if (archive_read_open(reader_.get(), this, nullptr, &TarReader::feed, nullptr) == ARCHIVE_OK) return;
  if (failure_) std::rethrow_exception(failure_);
  throw Error(Errc::kUnsupportedFormat,
              "this is not a tar archive, neither plain nor compressed with gzip, bzip2, xz or zstd");
}

archive_entry* TarReader::next() {
  archive_entry* entry = nullptr;
  const bool first = archive_format(reader_.get()) == 0;
  while (!first && next_piece()) {
  }
  content_left_ = 0;
  const auto last_entry_end = static_cast<std::uint64_t>(archive_filter_bytes(reader_.get(), 0));
  headers_start_ = last_entry_end;
  const int found = archive_read_next_header(reader_.get(), &entry);
  if (found == ARCHIVE_EOF) {
    finish(last_entry_end);
    return nullptr;
  }
  if (failure_) std::rethrow_exception(failure_);
  const char* const warning = archive_error_string(reader_.get());
  const bool harmless = found == ARCHIVE_WARN && warning && is_only_about_charset(warning);
  if (found != ARCHIVE_OK && !harmless) refuse("is damaged or truncated");
  const char* const name = archive_entry_pathname(entry);
  last_name_ = name ? name : "";
  content_left_ = static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0));
  if (has_zero_in_name(headers_until(static_cast<std::uint64_t>(archive_filter_bytes(reader_.get(), 0))))) {
    throw Error(Errc::kCorrupt,
                "the archive has an entry " + text::quoted(last_name_) + " with a zero byte in its name");
  }
  return entry;
}

// From a position in the stream, or from the block's start when that is later.
std::span<const char> TarReader::rest_of_block(std::uint64_t from) const {
  const auto skipped = std::max(from, block_start_) - block_start_;
  return block_.subspan(std::min<std::size_t>(skipped, block_.size()));
}

std::string TarReader::headers_until(std::uint64_t end) {
  auto headers = std::exchange(headers_, {});
  const auto rest = rest_of_block(*headers_start_);
  const auto behind = block_start_ + block_.size() - std::max(end, block_start_);
  headers.append(rest.data(), rest.size() - std::min<std::size_t>(rest.size(), behind));
  headers_start_.reset();
  return headers;
}

std::optional<TarReader::Piece> TarReader::next_piece() {
  const void* bytes = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int found = archive_read_data_block(reader_.get(), &bytes, &size, &offset);
  if (found == ARCHIVE_EOF) return std::nullopt;
  if (found != ARCHIVE_OK || offset < 0) refuse("is damaged or truncated");
  content_left_ -= std::min<std::uint64_t>(size, content_left_);
  return Piece{{static_cast<const char*>(bytes), size}, static_cast<std::uint64_t>(offset)};
}

la_ssize_t TarReader::feed(struct archive* reader, void* self, const void** buffer) {
  auto& tar = *static_cast<TarReader*>(self);
  try {
    auto block = tar.fed_ ? tar.take_block() : tar.block_;
    tar.fed_ = true;
    if (block.empty()) block = tar.missing_end();
    *buffer = block.data();
    return static_cast<la_ssize_t>(block.size());
  } catch (...) {
    tar.failure_ = std::current_exception();
    archive_set_error(reader, EIO, "reading failed");
    return -1;
  }
}

// At the end the last block stays in block_, for is_end_mark().
std::span<const char> TarReader::take_block() {
  std::array<char, kRecord> end = {};
  if (block_.size() >= kRecord) std::ranges::copy(block_.last(kRecord), end.begin());
  const auto size = block_.size();
  const auto headers_before = headers_.size();
  if (headers_start_) {
    const auto rest = rest_of_block(*headers_start_);
    if (headers_.size() + rest.size() > kLongestHeaders) refuse_headers();
    headers_.append(rest.data(), rest.size());
  }
  const auto block = source_.next();
  if (block.empty()) {
    headers_.resize(headers_before);
    return block;
  }
  record_before_ = end;
  block_start_ += size;
  block_ = block;
  return block;
}

// A layer may end with the content of its last entry (what `umoci insert` writes does): the rest of
// the record and the mark are given to libarchive in its place. Where content is missing they are not.
std::span<const char> TarReader::missing_end() {
  if (meaning_ == Meaning::kTarball || content_left_ > 0 || !missing_end_.empty()) return {};
  const auto end = block_start_ + block_.size();
  missing_end_.assign((kRecord - end % kRecord) % kRecord + 2 * kRecord, '\0');
  return missing_end_;
}

// libarchive takes the mere end of the stream for the end of the archive; to us it is the mark
// of zeros. What follows the mark belongs to the stream and its digest.
void TarReader::finish(std::uint64_t last_entry_end) {
  headers_start_.reset();
  const auto end = static_cast<std::uint64_t>(archive_filter_bytes(reader_.get(), 0));
  const bool marked = meaning_ == Meaning::kLayer || (end != last_entry_end && is_end_mark(end));
  if (!marked) refuse("is truncated: it has no end mark");
  // Other readers of layers go on behind a single record of zeros, so nothing may be there.
  const bool single = meaning_ == Meaning::kLayer && end == last_entry_end + kRecord;
  for (auto rest = rest_of_block(end); !rest.empty() || !(rest = take_block()).empty(); rest = {}) {
    if (single && !std::ranges::all_of(rest, is_zero)) refuse("has something behind a single record of zeros");
  }
}

// Whether the record that ends there is zeros. Blocks are of full records, so none is split.
bool TarReader::is_end_mark(std::uint64_t end) const {
  if (end == block_start_) return std::ranges::all_of(record_before_, is_zero);
  const auto in_block = end - block_start_;
  if (end < block_start_ || in_block < kRecord || in_block > block_.size()) return false;
  return std::ranges::all_of(block_.subspan(in_block - kRecord, kRecord), is_zero);
}

void TarReader::refuse_headers() const {
  throw Error(Errc::kLimitExceeded, "the archive has more than " + std::to_string(kLongestHeaders >> 20U) +
                                        " MiB of headers for one entry" +
                                        (last_name_.empty() ? "" : ", behind " + text::quoted(last_name_)));
}

void TarReader::refuse(const std::string& what) const {
  if (failure_) std::rethrow_exception(failure_);
  std::string sentence = "the archive " + what;
  if (!last_name_.empty()) sentence += ", in or behind the entry " + text::quoted(last_name_);
  const char* const reason = archive_error_string(reader_.get());
  if (reason) sentence += " (" + text::printable(reason) + ")";
  throw Error(Errc::kCorrupt, sentence);
}

}  // namespace sdme::archive
