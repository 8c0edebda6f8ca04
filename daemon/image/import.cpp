// SPDX-License-Identifier: MIT
#include "image/import.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "archive/decoder.hpp"
#include "base/error.hpp"
#include "image/archive_source.hpp"
#include "image/content.hpp"
#include "image/layers.hpp"
#include "image/link_source.hpp"
#include "image/root.hpp"
#include "image/spool.hpp"
#include "image/tarball.hpp"
#include "os/file.hpp"
#include "store/layout.hpp"

namespace sdme::image {

namespace {

// The bytes to import, wherever they come from.
struct Bytes {
  os::UniqueFd fd;
  std::optional<std::uint64_t> offset;  // of a regular file: where they begin
  std::uint64_t size = 0;               // to come; 0 unknown
};

Bytes of_caller(os::UniqueFd fd, std::uint64_t hint) {
  struct stat found = {};
  if (fstat(fd.get(), &found) < 0) throw_errno("looking at the archive");
  if (!S_ISREG(found.st_mode)) return {.fd = std::move(fd), .offset = std::nullopt, .size = hint};
  const auto offset = lseek(fd.get(), 0, SEEK_CUR);
  if (offset < 0) throw_errno("looking at the archive");
  const auto size = offset < found.st_size ? found.st_size - offset : 0;
  return {.fd = std::move(fd), .offset = static_cast<std::uint64_t>(offset), .size = static_cast<std::uint64_t>(size)};
}

std::vector<char> beginning_of(const os::UniqueFd& file, std::uint64_t offset) {
  std::vector<char> start(kTellingBytes);
  std::size_t filled = 0;
  while (filled < start.size()) {
    const ssize_t got =
        pread(file.get(), start.data() + filled, start.size() - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("reading the archive");
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  start.resize(filled);
  return start;
}

json::Value disk(const char* where) { return {{"next", "disk"}, {"image", where}}; }

class Import {
 public:
  explicit Import(job::Worker& worker)
      : worker_(worker),
        staging_(os::Dir::open(json::get<std::string>(worker.request(), "staging"))),
        limits_{.bytes = json::get<std::uint64_t>(worker.request().at("limits"), "bytes"),
                .entries = json::get<std::uint64_t>(worker.request().at("limits"), "entries")},
        install_(install_of(json::get_or<std::string>(worker.request(), "install", "auto"))),
        choice_{.tag = json::get_or<std::string>(worker.request(), "tag", ""),
                .wanted = oci::Wanted::of_request(json::get_or<std::string>(worker.request(), "platform", ""))},
        budget_(limits_) {}

  json::Value run() {
    if (worker_.has_fd("link")) return from_link(worker_.take_fd("link"));
    const auto hint = json::get_or<std::uint64_t>(worker_.request(), "size_hint", 0);
    return from_bytes(of_caller(worker_.take_fd("data"), hint), [] {});
  }

 private:
  using WhenRead = std::function<void()>;  // throws when the bytes were not all

  json::Value from_link(os::UniqueFd socket) {
    Link link(std::move(socket), [this](const std::string& note) { worker_.progress(note, -1); });
    auto fetched = link.open();
    try {
      if (auto* const stream = std::get_if<Link::Stream>(&fetched)) {
        return from_bytes({.fd = std::move(stream->bytes), .offset = std::nullopt, .size = stream->size},
                          [&] { link.wait_done(); });
      }
      LinkSource source(link, std::get<oci::Image>(std::move(fetched)));
      return from_image(source);
    } catch (const Error& error) {
      const bool may_be_cut = error.code() == Errc::kCorrupt || error.code() == Errc::kVerificationFailed;
      const auto reason = may_be_cut ? link.complaint() : std::nullopt;
      if (!reason || reason->code() == Errc::kCancelled || reason->code() == Errc::kInternal) throw;
      throw *reason;
    }
  }

  json::Value from_bytes(Bytes bytes, const WhenRead& when_read) {
    total_ = bytes.size;
    report(0);
    bool is_tarball = false;
    if (bytes.offset) {
      const auto start = beginning_of(bytes.fd, *bytes.offset);
      const auto content = archive::is_compressed(start) ? Content::kTarball : content_of(start);
      if (content == Content::kDisk) return disk("data");
      if (content == Content::kImageArchive) {
        if (auto result = from_archive(os::duplicate(bytes.fd.get()), *bytes.offset)) return std::move(*result);
        is_tarball = true;
      }
    }
    archive::Decompressor source(archive::Input(std::move(bytes.fd)), budget_);
    const auto content = is_tarball ? Content::kTarball : content_of(source.first());
    const auto progress = [&] { report(source.bytes_read()); };
    if (content == Content::kTarball) return from_tarball(source, budget_, when_read);
    if (content == Content::kDisk) {
      spool_sparsely(source, staging_, layout::kDiskImage, progress);
      when_read();
      return disk("staging");
    }
    auto file = spool_unnamed(source, staging_, progress);
    when_read();
    return from_spooled(std::move(file));
  }

  // Looked like an image when it began.
  json::Value from_spooled(os::UniqueFd file) {
    if (auto result = from_archive(os::duplicate(file.get()), 0)) return std::move(*result);
    archive::Budget again(limits_);
    archive::Decompressor source(archive::Input(std::move(file)), again);
    return from_tarball(source, again, [] {});
  }

  std::optional<json::Value> from_archive(os::UniqueFd file, std::uint64_t offset) {
    const ArchiveIndex archive(std::move(file), offset, limits_.entries);
    auto found = find_image(archive, choice_);
    if (!found) return std::nullopt;
    ArchiveSource source(archive, std::move(*found));
    return from_image(source);
  }

  json::Value from_image(LayerSource& source) {
    const auto have = json::get_or<std::vector<std::string>>(worker_.request(), "have", {});
    auto layers = unpack_layers(source, staging_, {have.begin(), have.end()}, limits_,
                                [this](std::uint64_t done, std::uint64_t total) {
                                  total_ = total;
                                  report(done);
                                });
    const auto& image = source.image();
    return finished({.layers = std::move(layers),
                     .digest = image.manifest.str(),
                     .reference = image.reference,
                     .platform = image.platform.str(),
                     .config = image.config});
  }

  json::Value from_tarball(archive::Decompressor& source, archive::Budget& budget, const WhenRead& when_read) {
    auto layer = unpack_tarball(source, staging_, budget, [this](std::uint64_t done) { report(done); }, when_read);
    auto digest = layer.diff_id;
    return finished({.layers = {std::move(layer)}, .digest = std::move(digest)});
  }

  json::Value finished(const Root& root) {
    auto result = describe(root, staging_, install_);
    worker_.progress("sync", total_ == 0 ? -1 : 1, total_, total_);
    if (syncfs(staging_.fd()) < 0) throw_errno("syncing the store");
    return result;
  }

  void report(std::uint64_t done) {
    const auto fraction = total_ == 0 ? -1.0 : std::min(static_cast<double>(done) / static_cast<double>(total_), 1.0);
    worker_.progress("unpack", fraction, done, total_);
  }

  job::Worker& worker_;
  const os::Dir staging_;
  const archive::Limits limits_;
  const Install install_;
  const Choice choice_;
  archive::Budget budget_;
  std::uint64_t total_ = 0;
};

}  // namespace

json::Value run_import(job::Worker& worker) { return Import(worker).run(); }

}  // namespace sdme::image
