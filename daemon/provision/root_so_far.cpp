// SPDX-License-Identifier: MIT
#include "provision/root_so_far.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "model/record.hpp"
#include "store/layout.hpp"

namespace sdme::provision {

namespace {

constexpr std::size_t kMostLayers = 499;  // the kernel merges 500

std::vector<std::string> ids_of(const json::Value& told) {
  const auto layers = told.find("layers");
  if (layers == told.end() || !layers->is_array() || layers->empty()) {
    throw Error(Errc::kCorrupt, "the root filesystem to install in has no layers");
  }
  if (layers->size() > kMostLayers) throw Error(Errc::kLimitExceeded, "the image has too many layers for one more");
  std::vector<std::string> ids;
  for (const auto& layer : *layers) ids.push_back(json::get<std::string>(layer, "id"));
  if (!std::ranges::all_of(ids, model::is_layer_id)) throw Error(Errc::kCorrupt, "a layer has no id");
  std::ranges::reverse(ids);
  return ids;
}

// A new one is in the staging directory, another in the store.
os::Dir open_tree(const std::string& id, const os::Dir& staging) {
  auto fresh = staging.find_dir(std::string(layout::kLayers) + "/" + id + "/" + layout::kTree);
  return fresh ? std::move(*fresh) : os::Dir::open(layout::layer_tree(id));
}

}  // namespace

RootSoFar::RootSoFar(json::Value told, const os::Dir& staging) : told_(std::move(told)) {
  if (!told_.is_object()) throw Error(Errc::kCorrupt, "the root filesystem to install in is not described");
  ids_ = ids_of(told_);
  for (const auto& id : ids_) trees_.push_back(open_tree(id, staging));
}

std::vector<std::string> RootSoFar::trees() const {
  std::vector<std::string> paths;
  for (const auto& tree : trees_) paths.push_back(tree.path());
  return paths;
}

std::vector<os::Dir> RootSoFar::open_all() const {
  std::vector<os::Dir> again;
  for (const auto& tree : trees_) again.push_back(tree.open_dir("."));
  return again;
}

layer::Stack RootSoFar::stack() const { return layer::Stack(open_all()); }

layer::Stack RootSoFar::stack_below(const os::Dir& tree) const {
  auto all = open_all();
  all.insert(all.begin(), tree.open_dir("."));
  return layer::Stack(std::move(all));
}

}  // namespace sdme::provision
