// SPDX-License-Identifier: MIT
#include "bus/definition_request.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <span>

#include "base/text.hpp"
#include "model/names.hpp"
#include "store/profile.hpp"

namespace sdme::bus::requests {

namespace {

using Strings = std::vector<std::string>;

constexpr std::size_t kMostListed = 256;
constexpr std::uint64_t kNoLimit = UINT64_MAX;  // takes a limit away, as systemd's "infinity"

void check_length(std::size_t count) {
  if (count > kMostListed) throw Error(Errc::kInvalidArgument, "a list has more than 256 items");
}

Strings checked_list(Strings list, void (*check)(const std::string&)) {
  check_length(list.size());
  std::set<std::string> seen;
  for (const auto& item : list) {
    check(item);
    if (!seen.insert(item).second) throw Error(Errc::kInvalidArgument, text::quoted(item) + " is listed twice");
  }
  return list;
}

void check_container_name(const std::string& text) { model::ContainerName::parse(text); }

template <typename T>
std::vector<T> parsed_list(const Strings& list, T (*parse)(std::string_view)) {
  std::vector<T> parsed;
  for (const auto& item : list) parsed.push_back(parse(item));
  check_length(parsed.size());
  return parsed;
}

// Of "add-KEY" and "remove-KEY" of an update. Returns how many stay; behind them are those that were added.
template <typename T, typename Same>
std::size_t edit(OptionReader& reader, const std::string& key, std::vector<T>& list, T (*parse)(std::string_view),
                 Same is_meant) {
  for (const auto& item : reader.take<Strings>("remove-" + key).value_or(Strings{})) {
    if (std::erase_if(list, [&](const T& one) { return is_meant(one, item); }) == 0)
      throw Error(Errc::kNotFound, text::quoted(item) + " is not among the " + key);
  }
  const auto kept = list.size();
  for (auto& added : parsed_list(reader.take<Strings>("add-" + key).value_or(Strings{}), parse)) {
    list.push_back(std::move(added));
  }
  check_length(list.size());
  return kept;
}

// Of several that set one variable, the last counts.
Strings variables(const Strings& list) {
  check_length(list.size());
  Strings kept;
  for (const auto& assignment : list) {
    model::check_environment(assignment);
    const auto name = assignment.substr(0, assignment.find('=') + 1);
    std::erase_if(kept, [&](const std::string& one) { return one.starts_with(name); });
    kept.push_back(assignment);
  }
  return kept;
}

std::string variable(std::string_view assignment) {
  model::check_environment(std::string(assignment));
  return std::string(assignment);
}

// "8080" means it on every address and wherever it leads, "127.0.0.1:8080" on that one, "8080:80" if it leads there.
bool is_port(const model::Port& port, const std::string& text) {
  const auto meant = model::Port::parse(text);
  const bool leads_there = meant.container == meant.host || meant.container == port.container;
  return port.host == meant.host && port.protocol == meant.protocol && leads_there &&
         (meant.address.empty() || meant.address == port.address);
}

std::optional<std::uint64_t> take_limit(OptionReader& reader, const std::string& key) {
  if (key != "cpus") return reader.take<std::uint64_t>(key);
  const auto cpus = reader.take<double>(key);
  if (!cpus) return std::nullopt;
  if (*cpus == 0 || std::isinf(*cpus)) return kNoLimit;
  // What is no number fails every comparison. Too many are refused with the others.
  if (!(*cpus > 0)) throw Error(Errc::kInvalidArgument, "'cpus' must be a positive number");
  return static_cast<std::uint64_t>(std::llround(std::min(*cpus, 1e9) * 1000));
}

void take_limits(OptionReader& reader, model::Limits& limits) {
  for (const auto& row : model::limit_rows()) {
    std::string key = row.key;
    std::ranges::replace(key, '_', '-');
    if (const auto value = take_limit(reader, key)) {
      limits.*row.member = *value == kNoLimit ? std::nullopt : value;
    }
  }
}

// Whoever asks for one of two that exclude each other takes the other back, whoever had that.
void take_side(const Strings& these, Strings& to, Strings& from) {
  for (const auto& item : these) {
    std::erase(from, item);
    if (!std::ranges::contains(to, item)) to.push_back(item);
  }
  check_length(to.size());
}

void take_capabilities(OptionReader& reader, model::Security& security) {
  const model::Security asked{
      .capabilities = parsed_list(reader.take<Strings>("capabilities").value_or(Strings{}), &model::parse_capability),
      .drop_capabilities =
          parsed_list(reader.take<Strings>("drop-capabilities").value_or(Strings{}), &model::parse_capability)};
  asked.check();
  take_side(asked.capabilities, security.capabilities, security.drop_capabilities);
  take_side(asked.drop_capabilities, security.drop_capabilities, security.capabilities);
}

// Beside what the profile has: to ask for less must not take away what it forbids.
void take_system_calls(OptionReader& reader, model::Security& security) {
  const model::Security asked{
      .system_call_filter =
          checked_list(reader.take<Strings>("system-call-filter").value_or(Strings{}), &model::check_system_call)};
  asked.check();
  for (const auto& call : asked.system_call_filter) {
    std::erase(security.system_call_filter, call.starts_with('~') ? call.substr(1) : "~" + call);
    if (!std::ranges::contains(security.system_call_filter, call)) security.system_call_filter.push_back(call);
  }
  check_length(security.system_call_filter.size());
}

void take_security(OptionReader& reader, model::Security& security) {
  take_capabilities(reader, security);
  take_system_calls(reader, security);
  security.no_new_privileges = reader.take<bool>("no-new-privileges").value_or(security.no_new_privileges);
  security.read_only = reader.take<bool>("read-only").value_or(security.read_only);
  if (const auto profile = reader.take<std::string>("apparmor-profile")) {
    model::check_apparmor_profile(*profile);
    security.apparmor_profile = *profile;
  }
}

// What can be said when it is made and changed later, in the same words.
void take_common(OptionReader& reader, model::Definition& definition) {
  if (auto ports = take_ports(reader, "ports")) definition.ports = std::move(*ports);
  if (const auto pod = reader.take<std::string>("oci-pod")) definition.oci_pod = model::parse_oci_pod(*pod);
  if (const auto binds = reader.take<Strings>("binds")) definition.binds = parsed_list(*binds, &model::Bind::parse);
  if (const auto environment = reader.take<Strings>("environment")) definition.environment = variables(*environment);
  take_limits(reader, definition.limits);
  if (const auto restart = reader.take<std::string>("restart")) definition.restart = model::parse_restart(*restart);
  if (const auto requirements = reader.take<Strings>("requires"))
    definition.requirements = checked_list(*requirements, &check_container_name);
  definition.is_protected = reader.take<bool>("protected").value_or(definition.is_protected);
  definition.ephemeral = reader.take<bool>("ephemeral").value_or(definition.ephemeral);
}

// "none" takes back what an earlier one gave.
std::optional<store::Profile> take_profile(OptionReader& reader) {
  const auto name = reader.take<std::string>("profile");
  if (!name || name->empty()) return std::nullopt;
  return *name == "none" ? store::Profile{} : store::find_profile(*name);
}

bool wants_private_network(const std::optional<store::Profile>& profile) {
  return profile && profile->private_network.value_or(false);
}

// Whoever publishes a port wants a network to publish it from.
model::Network default_network(const model::Definition& definition, const std::optional<store::Profile>& profile) {
  using Mode = model::Network::Mode;
  if (!definition.ports.empty()) return {.mode = Mode::kVeth};
  return {.mode = wants_private_network(profile) ? Mode::kPrivate : Mode::kHost};
}

}  // namespace

std::optional<std::vector<model::Port>> take_ports(OptionReader& reader, const std::string& key) {
  const auto ports = reader.take<Strings>(key);
  if (!ports) return std::nullopt;
  return parsed_list(*ports, &model::Port::parse);
}

void edit_ports(OptionReader& reader, std::vector<model::Port>& ports) {
  const auto kept = edit(reader, "ports", ports, &model::Port::parse, is_port);
  const auto holders = std::span(ports).first(kept);
  for (const auto& port : std::span(ports).subspan(kept)) {
    const auto holder = std::ranges::find_if(holders, [&](const model::Port& held) { return held.collides(port); });
    if (holder == holders.end()) continue;
    throw Error(Errc::kInUse, "port " + port.str() + (*holder == port ? " is" : ": " + holder->str() + " is") +
                                  " published there already");
  }
}

DefinitionRequest new_definition(const Options& options, bool host_clone, const store::Settings& settings) {
  OptionReader reader(options, "definition key");
  DefinitionRequest made;
  auto& definition = made.definition;
  definition.host_clone = host_clone;
  const auto profile = take_profile(reader);
  if (profile) definition.security = profile->security;
  take_common(reader, definition);
  take_security(reader, definition.security);
  const auto network = reader.take<std::string>("network");
  definition.network = network ? model::Network::parse(*network) : default_network(definition, profile);
  const bool usual = profile && profile->userns ? *profile->userns : !definition.network.is_hosts();
  definition.userns = reader.take<bool>("userns").value_or(usual);
  const auto own_or = [&](std::optional<Strings> own, const Strings& clones) {
    return own ? *own : host_clone ? clones : Strings{};
  };
  definition.opaque_dirs =
      checked_list(own_or(reader.take<Strings>("opaque-dirs"), settings.opaque_dirs), &model::check_opaque_dir);
  definition.masked_services =
      checked_list(own_or(reader.take<Strings>("masked-services"), settings.masked_services), &model::check_unit_name);
  made.cancel_on_disconnect = reader.take_cancels();
  reader.finish();
  definition.check();
  return made;
}

DefinitionRequest changed_definition(const Options& options, const model::Definition& now) {
  OptionReader reader(options, "definition key");
  DefinitionRequest made{.definition = now};
  auto& definition = made.definition;
  const auto profile = take_profile(reader);
  if (profile) definition.security = profile->security;
  take_common(reader, definition);
  edit_ports(reader, definition.ports);
  edit(reader, "binds", definition.binds, &model::Bind::parse,
       [](const model::Bind& bind, const std::string& destination) { return bind.destination == destination; });
  edit(reader, "environment", definition.environment, &variable,
       [](const std::string& assignment, const std::string& name) { return assignment.starts_with(name + "="); });
  if (options.contains("add-environment")) definition.environment = variables(definition.environment);
  take_security(reader, definition.security);
  if (const auto network = reader.take<std::string>("network")) {
    const auto wanted = model::Network::parse(*network);
    if (wanted.str() != definition.network.str()) definition.network = wanted;  // the address stays where it fits
  } else if (definition.network.is_hosts() && wants_private_network(profile)) {
    definition.network = default_network(definition, profile);
  }
  const bool usual = profile && profile->userns ? *profile->userns : definition.userns;
  definition.userns = reader.take<bool>("userns").value_or(usual);
  made.cancel_on_disconnect = reader.take_cancels();
  reader.finish();
  definition.check();
  return made;
}

}  // namespace sdme::bus::requests
