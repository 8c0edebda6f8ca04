// SPDX-License-Identifier: MIT
#include "rootfs_block.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>

#include "table.hpp"
#include "text.hpp"

namespace sdme::client {

namespace {

// In this order; what else there is follows by its key.
constexpr std::array kFirst = {"name", "os", "origin", "digest", "platform", "size", "shared", "own"};
constexpr std::array kApart = {"layers", "layer-sizes", "config"};

template <typename Keys>
bool is_among(const Keys& keys, const std::string& key) {
  return std::ranges::find(keys, key) != keys.end();
}

void add_layers(Table& table, const Dict& rootfs) {
  const auto layers = value_of<std::vector<std::string>>(rootfs, "layers");
  const auto sizes = value_of<std::vector<std::uint64_t>>(rootfs, "layer-sizes");
  table.add({"layers:", std::to_string(layers.size()) + (layers.size() > 1 ? ", the top first" : "")});
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto size = i < sizes.size() ? fmt::format("{:>8}  ", human_bytes(sizes[i])) : "";
    table.add({"layer:", size + layers[i]});
  }
}

// A configuration comes from strangers: any part of it may be missing, null or of another type.
const JsonValue& member_of(const JsonValue& object, const char* member) {
  static const JsonValue kNone;
  const auto found = object.find(member);  // of what is no object, there is none
  return found != object.end() ? *found : kNone;
}

void add_text(Table& table, const char* title, const JsonValue& value) {
  if (value.is_string() && !value.empty() && value != "") table.add({title, value.get<std::string>()});
}

// A command is shown as a shell would have to be given it.
void add_command(Table& table, const char* title, const JsonValue& words) {
  std::vector<std::string> shown;
  if (!words.is_array() || words.empty()) return;
  for (const auto& word : words) shown.push_back(shell_quote(word.is_string() ? word.get<std::string>() : word.dump()));
  table.add({title, join(shown, " ")});
}

void add_each(Table& table, const char* title, const JsonValue& list) {
  if (!list.is_array()) return;
  for (const auto& entry : list) add_text(table, title, entry);
}

void add_keys(Table& table, const char* title, const JsonValue& object) {
  std::vector<std::string> keys;
  if (!object.is_object() || object.empty()) return;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  table.add({title, join(keys, ", ")});
}

void add_labels(Table& table, const JsonValue& labels) {
  if (!labels.is_object()) return;
  for (const auto& [key, value] : labels.items()) {
    table.add({"label:", key + "=" + (value.is_string() ? value.get<std::string>() : value.dump())});
  }
}

JsonValue config_of(const Dict& rootfs) {
  auto config = JsonValue::parse(value_of<std::string>(rootfs, "config"), nullptr, false);
  return config.is_object() ? config : JsonValue();
}

void add_config(Table& table, const JsonValue& image) {
  if (!image.is_object()) return;
  const auto& config = member_of(image, "config");
  add_text(table, "built:", member_of(image, "created"));
  add_text(table, "author:", member_of(image, "author"));
  add_command(table, "entrypoint:", member_of(config, "Entrypoint"));
  add_command(table, "cmd:", member_of(config, "Cmd"));
  add_text(table, "user:", member_of(config, "User"));
  add_text(table, "working-dir:", member_of(config, "WorkingDir"));
  add_each(table, "env:", member_of(config, "Env"));
  add_keys(table, "ports:", member_of(config, "ExposedPorts"));
  add_keys(table, "volumes:", member_of(config, "Volumes"));
  add_text(table, "stop-signal:", member_of(config, "StopSignal"));
  add_labels(table, member_of(config, "Labels"));
}

}  // namespace

std::string rootfs_block(const Dict& rootfs) {
  Table table({"", ""});
  for (const std::string key : kFirst) {
    if (rootfs.contains(key)) table.add({key + ":", plain_text(key, rootfs.at(key))});
  }
  for (const auto& [key, value] : rootfs) {
    if (!is_among(kFirst, key) && !is_among(kApart, key)) table.add({key + ":", plain_text(key, value)});
  }
  add_layers(table, rootfs);
  add_config(table, config_of(rootfs));
  return table.text({.legend = false, .colours = false});
}

JsonValue rootfs_json(const Dict& rootfs) {
  auto json = json_of(rootfs);
  if (rootfs.contains("config")) json["config"] = config_of(rootfs);
  return json;
}

}  // namespace sdme::client
