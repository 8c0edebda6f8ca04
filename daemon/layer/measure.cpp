// SPDX-License-Identifier: MIT
#include "layer/measure.hpp"

#include <fcntl.h>
#include <fts.h>

#include <cerrno>
#include <memory>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "os/file.hpp"
#include "store/layout.hpp"

namespace sdme::layer {

namespace {

constexpr std::size_t kLargestMeasure = 4096;
constexpr mode_t kMode = 0600;

struct Close {
  void operator()(FTS* walk) const { fts_close(walk); }
};

// A layer never changes, so there is no race with whoever made it.
Measure count(const std::string& tree) {
  std::string path = tree;
  char* const roots[] = {path.data(), nullptr};
  const std::unique_ptr<FTS, Close> walk(fts_open(roots, FTS_PHYSICAL | FTS_XDEV, nullptr));
  if (!walk) throw_errno("counting what is in a layer");
  Measure measure;
  std::set<ino_t> linked;  // files with several names, which count once
  errno = 0;
  while (const auto* const entry = fts_read(walk.get())) {
    if (entry->fts_info == FTS_DP) continue;
    if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
      throw Error::from_errno(entry->fts_errno, "counting what is in a layer");
    }
    ++measure.entries;
    const auto& found = *entry->fts_statp;
    const bool again = found.st_nlink > 1 && !linked.insert(found.st_ino).second;
    if (entry->fts_info == FTS_F && !again) measure.size += static_cast<std::uint64_t>(found.st_size);
  }
  if (errno != 0) throw_errno("counting what is in a layer");
  return measure;
}

}  // namespace

void keep_measure(const os::Dir& layer, const Measure& measure) {
  const auto text = json::Value{{"size", measure.size}, {"entries", measure.entries}}.dump();
  const auto file = layer.open_file(layout::kMeasure, O_WRONLY | O_CREAT | O_EXCL, kMode);
  os::write_all(file.get(), text, "the measure of a layer");
}

Measure measure_of(const os::Dir& layer) {
  const auto text = layer.find_text(layout::kMeasure, kLargestMeasure);
  if (!text) return count(layer.path() + "/" + layout::kTree);
  const auto kept = json::parse(*text, "the measure of a layer");
  return {.size = json::get<std::uint64_t>(kept, "size"), .entries = json::get<std::uint64_t>(kept, "entries")};
}

Measure measure_of(const std::string& id) {
  return measure_of(os::Dir::open(layout::state(std::string(layout::kLayers) + "/" + id)));
}

}  // namespace sdme::layer
