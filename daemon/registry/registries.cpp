// SPDX-License-Identifier: MIT
#include "registry/registries.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/host_file.hpp"

namespace sdme::registry {

namespace {

constexpr std::string_view kVendor = "/usr/share/containers/";
constexpr std::string_view kOwn = "/etc/containers/";

// How many bytes of a full name a prefix stands for; nothing when it does not. It ends where a
// component of the path does, or the host with its port. A pattern without a port stands for every port,
// so that what is blocked by it is not to be had at another one.
std::optional<std::size_t> covered(std::string_view prefix, std::string_view name) {
  std::size_t skipped = 0;
  const bool pattern = prefix.starts_with("*.");
  const auto path = std::min(name.find('/'), name.size());
  if (pattern) {
    prefix.remove_prefix(1);
    const auto own_end = std::min(prefix.find('/'), prefix.size());
    const auto host_end = prefix.substr(0, own_end).contains(':') ? path : std::min(name.find(':'), path);
    if (host_end <= own_end) return std::nullopt;
    skipped = host_end - own_end;
  }
  if (!name.substr(skipped).starts_with(prefix)) return std::nullopt;
  const auto end = skipped + prefix.size();
  if (pattern && end < path && name[end] == ':') return path;
  if (end < name.size() && name[end] != '/') return std::nullopt;
  return end;
}

}  // namespace

Registries Registries::load(const std::string& root) {
  Registries made;
  const auto add_file = [&](const std::string& path) {
    const auto text = read_host_file(root + path);
    if (text) made.add(*text, path);
    return text.has_value();
  };
  if (!add_file(std::string(kOwn) + "registries.conf")) add_file(std::string(kVendor) + "registries.conf");
  std::map<std::string, std::string> drop_ins;
  for (const auto directory : {kVendor, kOwn}) {
    const auto folder = std::string(directory) + "registries.conf.d";
    for (const auto& name : host_files(root + folder, ".conf")) drop_ins[name] = folder + "/" + name;
  }
  for (const auto& [name, path] : drop_ins) add_file(path);
  return made;
}

std::vector<Reference> Registries::expand(const Reference& reference) const {
  if (!reference.host.empty()) return {reference};
  if (const auto alias = aliases_.find(reference.path); alias != aliases_.end()) {
    auto found = Reference::parse(alias->second);
    found.tag = reference.tag;
    found.digest = reference.digest;
    return {found};
  }
  if (!search_) return {reference.at(kDockerHub)};
  if (search_->empty()) {
    throw Error(Errc::kInvalidArgument, "the short name " + text::quoted(reference.path) +
                                            " means nothing here: no registries to search are configured; say "
                                            "HOST/PATH");
  }
  std::vector<Reference> found;
  std::vector<std::string> names;
  for (const auto& place : *search_) {
    found.push_back(reference.at(place));
    names.push_back(found.back().str());
  }
  if (enforcing_ && found.size() > 1) {
    throw Error(Errc::kInvalidArgument, "the short name " + text::quoted(reference.path) +
                                            " is ambiguous, and this host's registries.conf does not let that pass; it "
                                            "may be " +
                                            text::join(names, " or "));
  }
  return found;
}

const Registries::Rule* Registries::rule_for(const Reference& reference) const {
  const auto name = reference.name();
  const Rule* best = nullptr;
  for (const auto& rule : rules_) {
    // A prefix may be one image: with its tag or digest.
    const bool fits = covered(rule.prefix, name) || rule.prefix == name + ":" + reference.tag ||
                      (reference.digest && rule.prefix == name + "@" + reference.digest->str());
    if (fits && (best == nullptr || rule.prefix.size() > best->prefix.size())) best = &rule;
  }
  return best;
}

Place Registries::place_at(const std::string& location, std::string_view rest, const std::string& file) {
  try {
    const auto at = Reference::parse(location + std::string(rest));
    if (!at.host.empty()) return {.host = at.host, .path = at.path};
  } catch (const Error&) {
  }
  throw Error(Errc::kInvalidArgument, file + ": location " + text::quoted(location) + " is no HOST[:PORT][/PATH]");
}

std::vector<Place> Registries::places(const Reference& reference) const {
  const auto* const rule = rule_for(reference);
  if (rule == nullptr) return {{.host = reference.host, .path = reference.path}};
  if (rule->blocked) {
    throw Error(Errc::kAccessDenied,
                "pulling " + text::quoted(reference.name()) + " is blocked by " + rule->file + " of this host");
  }
  const auto name = reference.name();
  const auto rest = std::string_view(name).substr(covered(rule->prefix, name).value_or(name.size()));
  std::vector<Place> found;
  for (const auto& mirror : rule->mirrors) {
    const auto pull = rule->mirror_by_digest_only ? Mirror::Pull::kDigest : mirror.pull;
    if (pull == Mirror::Pull::kDigest && !reference.digest) continue;
    if (pull == Mirror::Pull::kTag && reference.digest) continue;
    auto place = place_at(mirror.location, rest, rule->file);
    place.insecure = mirror.insecure;
    place.mirror = true;
    found.push_back(std::move(place));
  }
  auto primary = rule->location.empty() ? Place{.host = reference.host, .path = reference.path}
                                        : place_at(rule->location, rest, rule->file);
  primary.insecure = rule->insecure;
  found.push_back(std::move(primary));
  return found;
}

}  // namespace sdme::registry
