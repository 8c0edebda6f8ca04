// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>

#include "base/json.hpp"
#include "store/store.hpp"

// The members of Store that remember what a container was started with.
namespace sdme::store {

namespace {

constexpr std::size_t kLongest = 4U << 20U;
constexpr mode_t kMode = 0600;

}  // namespace

std::vector<std::string> Store::former_features(const std::string& name) const {
  const auto text = containers_.open_dir(name).find_text(layout::kFormerFeatures, kLongest);
  if (!text) return {};
  return json::get<std::vector<std::string>>(json::parse(*text, layout::kFormerFeatures), "features");
}

// Before the record, so that a crash in between says too much and never too little. Ports are not among them: one
// that is taken back is gone at once.
void Store::keep_former_features(const model::ContainerRecord& now, const model::ContainerRecord& next) const {
  auto definition = now.definition;
  definition.ports.clear();
  auto lost = definition.host_features();
  const auto kept = next.definition.host_features();
  std::erase_if(lost, [&](const std::string& feature) { return std::ranges::contains(kept, feature); });
  if (lost.empty()) return;
  auto all = former_features(now.name.str());
  std::ranges::copy_if(lost, std::back_inserter(all),
                       [&](const std::string& feature) { return !std::ranges::contains(all, feature); });
  const json::Value value = {{"features", all}};
  containers_.open_dir(now.name.str()).write(layout::kFormerFeatures, value.dump() + "\n", kMode);
}

}  // namespace sdme::store
