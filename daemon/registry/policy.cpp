// SPDX-License-Identifier: MIT
#include "registry/policy.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "registry/host_file.hpp"

namespace sdme::registry {

namespace {

constexpr const char* kPath = "/etc/containers/policy.json";

[[noreturn]] void refuse(const std::string& why) {
  throw Error(Errc::kInvalidArgument, std::string(kPath) + " cannot be used: " + why);
}

std::vector<std::string> requirements(const json::Value& list) {
  if (!list.is_array() || list.empty()) refuse("a scope must be a list of requirements");
  std::vector<std::string> types;
  for (const auto& one : list) {
    if (!one.is_object()) refuse("a requirement must be an object");
    const auto type = json::get<std::string>(one, "type");
    const bool plain = type == "insecureAcceptAnything" || type == "reject";
    if (!plain && type != "signedBy" && type != "sigstoreSigned")
      refuse("type " + text::quoted(type) + " is not known");
    if (plain && one.size() != 1) refuse("a requirement of type " + type + " has other keys");
    types.push_back(type);
  }
  return types;
}

// HOST:PORT/A/B -> HOST:PORT/A -> HOST:PORT -> *.DOMAIN …: a pattern stands for every port
std::vector<std::string> scopes_of(const Reference& reference) {
  std::vector<std::string> scopes;
  auto name = reference.name();
  scopes.push_back(name + (reference.digest ? "@" : ":") + reference.version());
  while (true) {
    scopes.push_back(name);
    const auto slash = name.rfind('/');
    if (slash == std::string::npos) break;
    name.resize(slash);
  }
  name.resize(std::min(name.find(':'), name.size()));
  for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    scopes.push_back("*" + name.substr(dot));
  }
  scopes.emplace_back();
  return scopes;
}

}  // namespace

Policy Policy::load(const std::string& root) {
  const auto text = read_host_file(root + kPath);
  return text ? parse(*text) : Policy();
}

Policy Policy::parse(std::string_view text) {
  Policy made;
  try {
    const auto document = json::parse(text, "it");
    for (const auto& [key, value] : document.items()) {
      if (key != "default" && key != "transports") refuse("key " + text::quoted(key) + " is not known");
    }
    if (!document.contains("default")) refuse("there is no default");
    made.default_ = requirements(document["default"]);
    const auto transports = document.value("transports", json::Value::object());
    if (!transports.is_object()) refuse("'transports' must be an object");
    const auto docker = transports.value("docker", json::Value::object());
    if (!docker.is_object()) refuse("a transport must be an object");
    for (const auto& [scope, list] : docker.items()) made.scopes_.insert_or_assign(scope, requirements(list));
  } catch (const Error& error) {
    if (error.code() == Errc::kInvalidArgument) throw;
    refuse(error.message());
  }
  return made;
}

const Policy::Types& Policy::of(const Reference& reference) const {
  for (const auto& scope : scopes_of(reference)) {
    if (const auto found = scopes_.find(scope); found != scopes_.end()) return found->second;
  }
  return default_;
}

void Policy::check(const Reference& reference) const {
  const auto& types = of(reference);
  for (const auto& type : types) {
    if (type != "reject") continue;
    throw Error(Errc::kAccessDenied, std::string(kPath) + " of this host rejects " + text::quoted(reference.str()));
  }
  for (const auto& type : types) {
    if (type == "insecureAcceptAnything") continue;
    throw Error(Errc::kNotSupported, std::string(kPath) + " of this host wants a signature (" + type + ") of " +
                                         text::quoted(reference.str()) + ", which cannot be checked here");
  }
}

}  // namespace sdme::registry
