// SPDX-License-Identifier: MIT
#include "image/root.hpp"

#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "image/inspect.hpp"
#include "layer/measure.hpp"
#include "layer/stack.hpp"
#include "store/layout.hpp"

namespace sdme::image {

namespace {

os::Dir staged(const os::Dir& staging, const std::string& id) {
  return staging.open_dir(std::string(layout::kLayers) + "/" + id);
}

layer::Stack stack_of(const Root& root, const os::Dir& staging) {
  std::vector<os::Dir> top_first;
  for (auto layer = root.layers.rbegin(); layer != root.layers.rend(); ++layer) {
    top_first.push_back(layer->is_new ? staged(staging, layer->id).open_dir(layout::kTree)
                                      : os::Dir::open(layout::layer_tree(layer->id)));
  }
  return layer::Stack(std::move(top_first));
}

layer::Measure measure(const UnpackedLayer& unpacked, const os::Dir& staging) {
  if (!unpacked.is_new) return layer::measure_of(unpacked.id);
  const layer::Measure counted{.size = unpacked.size, .entries = unpacked.entries};
  layer::keep_measure(staged(staging, unpacked.id), counted);
  return counted;
}

// What is to happen about what is missing, in the result.
void add_outlook(json::Value& result, const Inspection& found, Install install) {
  if (found.missing.empty() || install == Install::kNo) return;
  if (!found.distro.empty()) {
    result["next"] = "provision";
    return;
  }
  const auto what = text::join(found.missing, ", ") +
                    " is missing and cannot be installed, since nothing says which distribution this is";
  const auto warning = result["warning"].get<std::string>();
  if (install == Install::kYes) throw Error(Errc::kNotSupported, what + " (/etc/os-release)");
  result["warning"] = warning.empty() ? what : warning + "; " + what;
}

}  // namespace

Install install_of(const std::string& word) {
  if (word == "auto") return Install::kAuto;
  if (word == "yes") return Install::kYes;
  if (word == "no") return Install::kNo;
  throw Error(Errc::kInvalidArgument, "'install' must be auto, yes or no, not " + text::quoted(word));
}

json::Value describe(const Root& root, const os::Dir& staging, Install install) {
  layer::Measure all;
  auto layers = json::Value::array();
  for (const auto& unpacked : root.layers) {
    const auto one = measure(unpacked, staging);
    all.size += one.size;
    all.entries += one.entries;
    layers.push_back(
        {{"id", unpacked.id}, {"diff_id", unpacked.diff_id}, {"size", one.size}, {"entries", one.entries}});
  }
  const auto found = inspect(stack_of(root, staging));
  json::Value result = {{"layers", std::move(layers)},
                        {"digest", root.digest},
                        {"reference", root.reference},
                        {"platform", root.platform},
                        {"config", root.config},
                        {"os", found.os},
                        {"distro", found.distro},
                        {"version_id", found.version_id},
                        {"bootable", found.bootable},
                        {"missing", found.missing},
                        {"size", all.size},
                        {"entries", all.entries},
                        {"warning", root.warning}};
  add_outlook(result, found, install);
  return result;
}

}  // namespace sdme::image
