// SPDX-License-Identifier: MIT
#include "definition_flags.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>

#include "failure.hpp"
#include "text.hpp"

namespace sdme::client {

namespace {

constexpr std::uint64_t kNoLimit = UINT64_MAX;  // what the daemon takes for none
constexpr double kMostBytes = 1e18;
constexpr double kMostCpus = 1e6;  // far more than the daemon takes, which says how many those are

// On and off by two flags; neither leaves it as it is.
void add_switch(CLI::App& app, const std::string& name, std::optional<bool>& value, const std::string& what) {
  auto* on = app.add_flag_callback("--" + name, [&value] { value = true; }, what);
  app.add_flag_callback("--no-" + name, [&value] { value = false; }, "not that")->excludes(on);
}

CLI::Option* add_list(CLI::App& app, const std::string& names, std::vector<std::string>& list, const std::string& what,
                      const std::string& type) {
  return app.add_option(names, list, what)->allow_extra_args(false)->type_name(type);
}

// In digits and nothing else that strtod(3) takes too: no sign, no blank, no base, no words.
std::optional<double> leading_number(const std::string& typed, std::string_view& rest) {
  double value = 0;
  const bool plain = !typed.empty() && (std::isdigit(static_cast<unsigned char>(typed[0])) != 0 || typed[0] == '.');
  const auto [end, error] = std::from_chars(typed.data(), typed.data() + typed.size(), value);
  if (!plain || error == std::errc::invalid_argument) return std::nullopt;
  rest = std::string_view(typed).substr(static_cast<std::size_t>(end - typed.data()));
  return error == std::errc() ? value : std::numeric_limits<double>::infinity();
}

std::uint64_t parse_count(const std::string& flag, const std::string& typed) {
  if (typed == "none") return kNoLimit;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(typed.data(), typed.data() + typed.size(), value);
  if (error != std::errc() || end != typed.data() + typed.size() || value == kNoLimit)
    throw Failure(exit_code::kUsage, fmt::format("{}: '{}' is neither a number nor 'none'", flag, printable(typed)));
  return value;
}

double parse_cpus(const std::string& typed) {
  if (typed == "none") return 0;
  std::string_view rest;
  const auto value = leading_number(typed, rest);
  if (!value || !rest.empty() || *value <= 0)
    throw Failure(exit_code::kUsage,
                  fmt::format("--cpus: '{}' is neither a positive number nor 'none'", printable(typed)));
  return std::min(*value, kMostCpus);
}

void put(Dict& to, const std::string& key, const std::vector<std::string>& list) {
  if (!list.empty()) to[key] = sdbus::Variant(list);
}

// The empty word alone is a list without any.
void put_or_none(Dict& to, const std::string& key, std::vector<std::string> list) {
  const bool none = list.size() == 1 && list[0].empty();
  if (!list.empty()) to[key] = sdbus::Variant(none ? std::vector<std::string>{} : std::move(list));
}

void put(Dict& to, const std::string& key, const std::string& word) {
  if (!word.empty()) to[key] = sdbus::Variant(word);
}

template <typename T>
void put(Dict& to, const std::string& key, const std::optional<T>& value) {
  if (value) to[key] = sdbus::Variant(*value);
}

}  // namespace

std::uint64_t parse_size(const std::string& flag, const std::string& typed) {
  if (typed == "none") return kNoLimit;
  constexpr std::string_view kUnits = "KMGTP";
  std::string_view unit;
  auto value = leading_number(typed, unit);
  if (unit.size() == 3 && unit.ends_with("iB")) unit.remove_suffix(2);
  const auto power = unit.empty() ? std::string_view::npos : kUnits.find(unit);
  const bool known = unit.empty() || (unit.size() == 1 && power != std::string_view::npos);
  if (!value || !known) {
    throw Failure(exit_code::kUsage,
                  fmt::format("{}: '{}' is no size, such as 512M or 1.5G, and not 'none'", flag, printable(typed)));
  }
  if (!unit.empty()) value = std::ldexp(*value, static_cast<int>(10 * (power + 1)));
  if (*value > kMostBytes) throw Failure(exit_code::kUsage, fmt::format("{}: {} is too large", flag, printable(typed)));
  return static_cast<std::uint64_t>(*value);
}

std::string resolve_bind(const std::string& typed) {
  // A colon that is part of the path has a backslash before it.
  std::size_t colon = 0;
  while ((colon = typed.find(':', colon)) != std::string::npos && colon > 0 && typed[colon - 1] == '\\') ++colon;
  if (colon == std::string::npos || !typed.substr(0, colon).contains('/'))
    return typed;  // a volume, or the daemon says
  std::string source;
  for (std::size_t i = 0; i < colon; ++i) {
    if (typed[i] == '\\' && i + 1 < colon) ++i;
    source += typed[i];
  }
  std::error_code error;
  const auto real = std::filesystem::canonical(source, error).string();
  if (error) throw Failure(exit_code::kUsage, fmt::format("bind source {}: {}", shell_quote(source), error.message()));
  std::string escaped;
  for (const char c : real) {
    if (c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped + typed.substr(colon);
}

void DefinitionFlags::define(CLI::App& app) {
  define_network(app);
  add_list(app, "-b,--bind", binds_, "show a file, directory or volume inside: SRC:DST[:ro,dev,suid]", "BIND");
  add_list(app, "-e,--env", environment_, "a variable of all that runs inside: NAME=VALUE", "VARIABLE");
  define_limits(app);
  define_security(app);
  define_life(app);
}

void DefinitionFlags::define_network(CLI::App& app) {
  auto* group = app.add_option_group("network", "");
  group->require_option(0, 1);
  const auto add_plain = [&](const char* flag, const char* word, const char* what) {
    group->add_flag_callback(flag, [this, word] { network_ = word; }, what);
  };
  const auto add_named = [&](const char* flag, const std::string& kind, const char* what, const char* type) {
    group
        ->add_option_function<std::string>(
            flag, [this, kind](const std::string& name) { network_ = kind + ":" + name; }, what)
        ->type_name(type);
  };
  add_plain("--host-network", "host", "the host's interfaces and ports (default without ports)");
  add_plain("--private-network", "private", "a loopback and nothing else");
  add_plain("--network-veth", "veth", "a link to the host, with an address and a way out (default with ports)");
  add_named("--network-zone", "zone", "the same, shared with the other containers of the zone", "ZONE");
  add_named("--network-bridge", "bridge", "a port of this bridge of the host", "BRIDGE");
  add_named("--network-macvlan", "macvlan", "an address of its own on this interface's network", "INTERFACE");
  add_named("--pod", "pod", "the network of a pod", "POD");
  app.add_option("--oci-pod", oci_pod_, "only its OCI applications are in the network of this pod; '' for none")
      ->type_name("POD");
  add_list(app, "-p,--port", ports_, "publish a port: [ADDRESS:][HOST:]CONTAINER[/tcp|/udp]", "PORT");
}

void DefinitionFlags::define_limits(CLI::App& app) {
  app.add_option("--memory", memory_, "how much it may use, such as 512M; 'none' takes a limit away")
      ->type_name("SIZE");
  app.add_option("--swap", swap_, "how much of it may be swapped out (default: as much as memory)")->type_name("SIZE");
  app.add_option("--cpus", cpus_, "how many processors' time, such as 1.5")->type_name("NUMBER");
  app.add_option("--cpu-weight", cpu_weight_, "its share of the processors, 1 to 10000; 100 is usual")->type_name("N");
  app.add_option("--io-weight", io_weight_, "its share of the disks, likewise")->type_name("N");
  app.add_option("--tasks", tasks_, "how many processes and threads")->type_name("N");
  app.add_option("--disk", disk_, "how much it may write to its root")->type_name("SIZE");
}

void DefinitionFlags::define_security(CLI::App& app) {
  auto* on = app.add_flag_callback(
      "-u,--userns", [this] { userns_ = true; }, "a user namespace (default, but on the host's network)");
  app.add_flag_callback("--no-userns", [this] { userns_ = false; }, "no user namespace")->excludes(on);
  auto* group = app.add_option_group("profile", "");
  group->require_option(0, 1);
  group->add_option("--profile", profile_, "a security profile, sdmed.profiles(5)")->type_name("PROFILE");
  group->add_flag_callback("--hardened", [this] { profile_ = "hardened"; }, "--profile=hardened");
  group->add_flag_callback("--strict", [this] { profile_ = "strict"; }, "--profile=strict");
  group->add_flag_callback("--nesting", [this] { profile_ = "nesting"; }, "--profile=nesting");
  add_list(app, "--capability", capabilities_, "give it a capability; a list, or repeated", "LIST")->delimiter(',');
  add_list(app, "--drop-capability", drop_capabilities_, "take one away; a list, or repeated", "LIST")->delimiter(',');
  auto* flag = app.add_flag_callback(
      "--no-new-privileges", [this] { no_new_privileges_ = true; }, "nothing inside gains rights, as sudo would");
  app.add_flag_callback("--new-privileges", [this] { no_new_privileges_ = false; }, "not that")->excludes(flag);
  add_switch(app, "read-only", read_only_, "the root cannot be written to");
  add_list(app, "--system-call-filter", system_call_filter_, "allow a system call or @group, or forbid ~it", "CALL")
      ->delimiter(',');
  app.add_option("--apparmor-profile", apparmor_profile_, "what it is confined by")->type_name("PROFILE");
}

void DefinitionFlags::define_life(CLI::App& app) {
  app.add_option("--restart", restart_, "no, or on-failure: when it ends by itself")
      ->check(CLI::IsMember({"no", "on-failure"}))
      ->type_name("WHEN");
  app.add_option("--requires", requirements_, "containers that are started before it; a list, or repeated; '' for none")
      ->join(',')
      ->type_name("LIST");
  add_switch(app, "protected", protected_, "refuse to remove it");
}

Dict DefinitionFlags::definition() const {
  Dict made;
  put(made, "network", network_);
  put(made, "oci-pod", oci_pod_);
  put_or_none(made, "ports", ports_);
  std::vector<std::string> binds;
  for (const auto& bind : binds_) binds.push_back(resolve_bind(bind));
  put_or_none(made, "binds", std::move(binds));
  put_or_none(made, "environment", environment_);
  if (memory_) made["memory"] = sdbus::Variant(parse_size("--memory", *memory_));
  if (swap_) made["swap"] = sdbus::Variant(parse_size("--swap", *swap_));
  if (disk_) made["disk"] = sdbus::Variant(parse_size("--disk", *disk_));
  if (cpus_) made["cpus"] = sdbus::Variant(parse_cpus(*cpus_));
  if (cpu_weight_) made["cpu-weight"] = sdbus::Variant(parse_count("--cpu-weight", *cpu_weight_));
  if (io_weight_) made["io-weight"] = sdbus::Variant(parse_count("--io-weight", *io_weight_));
  if (tasks_) made["tasks"] = sdbus::Variant(parse_count("--tasks", *tasks_));
  put(made, "userns", userns_);
  put(made, "profile", profile_);
  put(made, "capabilities", capabilities_);
  put(made, "drop-capabilities", drop_capabilities_);
  put(made, "system-call-filter", system_call_filter_);
  put(made, "apparmor-profile", apparmor_profile_);
  put(made, "no-new-privileges", no_new_privileges_);
  put(made, "read-only", read_only_);
  put(made, "restart", restart_);
  put(made, "protected", protected_);
  if (requirements_) {
    auto names = split(*requirements_, ',');
    std::erase(names, "");
    made["requires"] = sdbus::Variant(names);
  }
  return made;
}

}  // namespace sdme::client
