// SPDX-License-Identifier: MIT
#include "model/record.hpp"

#include <algorithm>
#include <charconv>

#include <algorithm>

#include "model/versioned.hpp"

namespace sdme::model {

namespace {

std::vector<std::string> layers_of(const json::Value& value) {
  auto layers = json::get<std::vector<std::string>>(value, "layers");
  if (!std::ranges::all_of(layers, is_layer_id)) throw Error(Errc::kCorrupt, "key 'layers' holds what is no layer id");
  return layers;
}

// A record of before they were kept has one layer, and that is all its content.
std::vector<std::uint64_t> layer_sizes_of(const json::Value& value) {
  const auto count = value.at("layers").size();
  std::vector<std::uint64_t> sizes(count, 0);
  if (count == 1) sizes[0] = json::get<std::uint64_t>(value, "size");
  sizes = json::get_or(value, "layer_sizes", sizes);
  if (sizes.size() != count) throw Error(Errc::kCorrupt, "key 'layer_sizes' does not fit key 'layers'");
  return sizes;
}

}  // namespace

bool is_layer_id(const std::string& text) {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string RootfsRecord::to_text() const {
  auto value = raw;
  value.update({{"version", kRootfsVersion},
                {"name", name.str()},
                {"owner", owner},
                {"created_usec", created_usec},
                {"layers", layers},
                {"layer_sizes", layer_sizes},
                {"digest", digest},
                {"origin", origin},
                {"platform", platform},
                {"config", config},
                {"missing", missing},
                {"os", os},
                {"distro", distro},
                {"version_id", version_id},
                {"size", size},
                {"entries", entries},
                {"bootable", bootable}});
  return value.dump(2, ' ', false, json::Value::error_handler_t::replace) + "\n";
}

RootfsRecord RootfsRecord::from_text(const std::string& text, const std::string& what) {
  return while_doing(what, [&] {
    const auto value = parse_versioned(text, "the record", kRootfsVersion);
    return RootfsRecord{.name = RootfsName::parse(json::get<std::string>(value, "name")),
                        .owner = json::get<std::uint32_t>(value, "owner"),
                        .created_usec = json::get<std::uint64_t>(value, "created_usec"),
                        .layers = layers_of(value),
                        .layer_sizes = layer_sizes_of(value),
                        .digest = json::get<std::string>(value, "digest"),
                        .origin = json::get<std::string>(value, "origin"),
                        .platform = json::get_or<std::string>(value, "platform", ""),
                        .config = json::get_or<std::string>(value, "config", ""),
                        .missing = json::get_or<std::vector<std::string>>(value, "missing", {}),
                        .os = json::get<std::string>(value, "os"),
                        .distro = json::get<std::string>(value, "distro"),
                        .version_id = json::get<std::string>(value, "version_id"),
                        .size = json::get<std::uint64_t>(value, "size"),
                        .entries = json::get<std::uint64_t>(value, "entries"),
                        .bootable = json::get<bool>(value, "bootable"),
                        .raw = value};
  });
}

std::string VolumeRecord::to_text() const {
  auto value = raw;
  value.update({{"version", kVolumeVersion}, {"name", name.str()}, {"owner", owner}, {"created_usec", created_usec}});
  return value.dump(2, ' ', false, json::Value::error_handler_t::replace) + "\n";
}

VolumeRecord VolumeRecord::from_text(const std::string& text, const std::string& what) {
  return while_doing(what, [&] {
    const auto value = parse_versioned(text, "the record", kVolumeVersion);
    return VolumeRecord{.name = VolumeName::parse(json::get<std::string>(value, "name")),
                        .owner = json::get<std::uint32_t>(value, "owner"),
                        .created_usec = json::get<std::uint64_t>(value, "created_usec"),
                        .raw = value};
  });
}

std::uint32_t ContainerRecord::project() const {
  constexpr std::uint32_t kFirst = 1U << 30U;  // and as many from there on
  std::uint32_t number = 0;
  std::from_chars(uuid.data(), uuid.data() + std::min<std::size_t>(uuid.size(), 8), number, 16);
  return kFirst + number % kFirst;
}

std::string ContainerRecord::to_text() const {
  auto value = raw;
  value.update({{"version", kContainerVersion},
                {"name", name.str()},
                {"uuid", uuid},
                {"owner", owner},
                {"created_usec", created_usec},
                {"rootfs", rootfs},
                {"layers", layers},
                {"os", os},
                {"enabled", enabled}});
  auto definition_value = value.value("definition", json::Value::object());
  definition_value.update(definition.to_json());
  value["definition"] = std::move(definition_value);
  return value.dump(2, ' ', false, json::Value::error_handler_t::replace) + "\n";
}

ContainerRecord ContainerRecord::from_text(const std::string& text, const std::string& what) {
  return while_doing(what, [&] {
    const auto value = parse_versioned(text, "the record", kContainerVersion);
    const auto definition = value.find("definition");
    if (definition == value.end() || !definition->is_object()) {
      throw Error(Errc::kCorrupt, "key 'definition' is missing or no object");
    }
    return ContainerRecord{.name = ContainerName::parse(json::get<std::string>(value, "name")),
                           .uuid = json::get<std::string>(value, "uuid"),
                           .owner = json::get<std::uint32_t>(value, "owner"),
                           .created_usec = json::get<std::uint64_t>(value, "created_usec"),
                           .rootfs = json::get<std::string>(value, "rootfs"),
                           .layers = layers_of(value),
                           .os = json::get<std::string>(value, "os"),
                           .enabled = json::get<bool>(value, "enabled"),
                           .definition = Definition::from_json(*definition),
                           .raw = value};
  });
}

}  // namespace sdme::model
