// SPDX-License-Identifier: MIT
// Reading registries.conf(5).
#include <algorithm>
#include <toml++/toml.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/registries.hpp"

namespace sdme::registry {

// One file.
struct Registries::Reader {
  const std::string& path;

  [[noreturn]] void refuse(const toml::source_region& where, const std::string& why) const {
    throw Error(Errc::kInvalidArgument, path + ", line " + std::to_string(where.begin.line) + ": " + why);
  }

  template <typename T>
  T get(const toml::table& table, std::string_view key, T otherwise) const {
    const auto* const node = table.get(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value_exact<T>();
    if (!value) refuse(node->source(), "key '" + std::string(key) + "' is of the wrong type");
    return *value;
  }

  const toml::array* array(const toml::table& table, std::string_view key) const {
    const auto* const node = table.get(key);
    if (node == nullptr) return nullptr;
    if (!node->is_array()) refuse(node->source(), "key '" + std::string(key) + "' must be a list");
    return node->as_array();
  }

  template <typename Work>
  void each_table(const toml::table& table, std::string_view key, Work work) const {
    const auto* const list = array(table, key);
    if (list == nullptr) return;
    for (const auto& node : *list) {
      if (!node.is_table()) refuse(node.source(), "'" + std::string(key) + "' must be tables");
      work(*node.as_table());
    }
  }

  std::vector<std::string> strings(const toml::array& list) const {
    std::vector<std::string> found;
    for (const auto& node : list) {
      const auto text = node.value_exact<std::string>();
      if (!text) refuse(node.source(), "the list must be of strings");
      found.push_back(*text);
    }
    return found;
  }

  Mirror mirror(const toml::table& table) const {
    Mirror made = {.location = get<std::string>(table, "location", ""),
                   .insecure = get<bool>(table, "insecure", false)};
    if (made.location.empty()) refuse(table.source(), "a mirror has no location");
    const auto pull = get<std::string>(table, "pull-from-mirror", "all");
    if (pull != "all" && pull != "digest-only" && pull != "tag-only") {
      refuse(table.source(), "pull-from-mirror must be all, digest-only or tag-only");
    }
    made.pull = pull == "all" ? Mirror::Pull::kAll : pull == "tag-only" ? Mirror::Pull::kTag : Mirror::Pull::kDigest;
    return made;
  }

  Rule rule(const toml::table& table) const {
    Rule made;
    made.location = get<std::string>(table, "location", "");
    made.prefix = get<std::string>(table, "prefix", made.location);
    made.insecure = get<bool>(table, "insecure", false);
    made.blocked = get<bool>(table, "blocked", false);
    made.mirror_by_digest_only = get<bool>(table, "mirror-by-digest-only", false);
    made.file = path;
    if (made.prefix.empty()) refuse(table.source(), "a registry has neither prefix nor location");
    if (made.location.starts_with("*")) refuse(table.source(), "a location cannot be a pattern");
    while (made.prefix.ends_with('/')) made.prefix.pop_back();
    while (made.location.ends_with('/')) made.location.pop_back();
    each_table(table, "mirror", [&](const toml::table& one) { made.mirrors.push_back(mirror(one)); });
    return made;
  }

  void aliases(const toml::table& table, std::map<std::string, std::string>& found) const {
    for (const auto& [key, node] : table) {
      const auto value = node.value_exact<std::string>();
      if (!value) refuse(node.source(), "an alias must be a string");
      if (value->empty()) {
        found.erase(std::string(key.str()));
        continue;
      }
      try {
        if (!Reference::parse(*value).host.empty()) found.insert_or_assign(std::string(key.str()), *value);
      } catch (const Error& error) {
        refuse(node.source(), error.message());
      }
    }
  }
};

void Registries::add(std::string_view text, const std::string& path) {
  toml::table document;
  const Reader reader{path};
  try {
    document = toml::parse(text);
  } catch (const toml::parse_error& error) {
    reader.refuse(error.source(), text::printable(error.description()));
  }
  if (document.contains("registries")) {
    reader.refuse(document.get("registries")->source(),
                  "the first version of this format, with [registries.…], is "
                  "not read any more; see containers-registries.conf(5)");
  }
  if (const auto* const list = reader.array(document, "unqualified-search-registries")) search_ = reader.strings(*list);
  const auto mode = reader.get<std::string>(document, "short-name-mode", "");
  if (!mode.empty()) enforcing_ = mode == "enforcing";
  if (const auto* const table = document["aliases"].as_table()) reader.aliases(*table, aliases_);
  reader.each_table(document, "registry", [&](const toml::table& table) {
    auto rule = reader.rule(table);
    std::erase_if(rules_, [&](const Rule& older) { return older.prefix == rule.prefix; });
    rules_.push_back(std::move(rule));
  });
}

}  // namespace sdme::registry
