// SPDX-License-Identifier: MIT
#include "nspawn/command.hpp"

#include <array>

#include "base/text.hpp"
#include "os/namespaces.hpp"
#include "store/layout.hpp"

namespace sdme::nspawn {

namespace {

constexpr std::array kAlways = {
    "/usr/bin/systemd-nspawn", "--settings=no", "--quiet", "--boot", "--keep-unit", "--notify-ready=yes",
    "--link-journal=no",
    // What the guest's console says goes to our journal, whose lines escape sequences would make binary data.
    "--console=read-only", "--setenv=TERM=dumb"};

void add_users(std::vector<std::string>& argv, const model::Definition& definition, const Start& start) {
  if (!definition.userns) {
    argv.emplace_back("--private-users=no");
    return;
  }
  const auto range = std::to_string(os::kUserRange);
  argv.push_back("--private-users=" + (start.uid_base ? std::to_string(*start.uid_base) + ":" + range : "pick"));
  argv.emplace_back("--private-users-ownership=off");  // the layers are idmapped: no file is touched
}

void add_bind(std::vector<std::string>& argv, const std::string& source, const std::string& destination,
              bool writable) {
  // Not recursive: what the host mounts below the source is not part of what was authorised.
  argv.push_back((writable ? "--bind=" : "--bind-ro=") + text::escape_colons(source) + ":" +
                 text::escape_colons(destination) + ":norbind");
}

void add_network(std::vector<std::string>& argv, const model::Network& network, const Start& start) {
  using Mode = model::Network::Mode;
  if (network.is_hosts()) {
    // The host's own file, whichever resolver it names, is right on the host's network. Bound and
    // not copied: a copy would be written as the host's root, whom an idmapped layer does not know.
    argv.emplace_back("--resolv-conf=bind-host");
    return;
  }
  argv.emplace_back("--resolv-conf=off");
  if (!start.resolv_conf.empty()) add_bind(argv, start.resolv_conf, "/etc/resolv.conf", false);
  if (!start.interface.empty()) argv.push_back("--network-interface=" + start.interface + ":host0");
  if (network.mode == Mode::kPrivate) argv.emplace_back("--private-network");
  if (network.mode == Mode::kBridge) argv.push_back("--network-bridge=" + network.name);
  if (network.mode == Mode::kMacvlan) {
    argv.push_back("--network-macvlan=" + network.name + ":host0");
    add_bind(argv, layout::kMacvlanNetwork, layout::kMacvlanNetworkInside, false);
  }
}

void add_security(std::vector<std::string>& argv, const model::Security& security) {
  if (!security.capabilities.empty()) argv.push_back("--capability=" + text::join(security.capabilities, ","));
  if (!security.drop_capabilities.empty())
    argv.push_back("--drop-capability=" + text::join(security.drop_capabilities, ","));
  if (security.no_new_privileges) argv.emplace_back("--no-new-privileges=yes");
  if (security.read_only) argv.emplace_back("--read-only");
  for (const auto& call : security.system_call_filter) argv.push_back("--system-call-filter=" + call);
}

void add_binds(std::vector<std::string>& argv, const std::vector<model::Bind>& binds, const Start& start) {
  for (std::size_t i = 0; i < binds.size(); ++i) {
    const auto& source = i < start.bind_sources.size() ? start.bind_sources[i] : binds[i].source;
    add_bind(argv, source, binds[i].destination, binds[i].writable);
  }
}

// The guest's PID 1 finds the drop-in as one of an administrator's of this boot, and it is gone with the container.
void add_oci_pod(std::vector<std::string>& argv, const std::string& pod) {
  if (pod.empty()) return;
  const std::string inside = layout::kPodInside;
  add_bind(argv, layout::pod_namespace(pod), inside + "/" + layout::kPodNamespace, false);
  add_bind(argv, layout::pod_resolv_conf(pod), inside + "/" + layout::kPodResolvConf, false);
  add_bind(argv, layout::kOciPodDropIn, layout::kOciPodDropInInside, false);
}

// Not by --setenv: every user of the host can read a command line.
void add_environment(std::vector<std::string>& argv, const std::vector<std::string>& environment) {
  if (environment.empty()) return;
  add_bind(argv, layout::init_environment(), layout::kEnvironmentInside, false);
}

}  // namespace

std::vector<std::string> command_of(const model::ContainerRecord& record, const Start& start) {
  std::vector<std::string> argv(kAlways.begin(), kAlways.end());
  argv.push_back("--machine=" + record.name.str());
  argv.push_back("--directory=" + start.directory);
  argv.emplace_back(start.registers ? "--register=yes" : "--register=no");
  add_users(argv, record.definition, start);
  add_network(argv, record.definition.network, start);
  add_security(argv, record.definition.security);
  add_binds(argv, record.definition.binds, start);
  add_oci_pod(argv, record.definition.oci_pod);
  add_environment(argv, record.definition.environment);
  argv.push_back(std::string("--bind-ro=") + layout::kGuestHelpers + ":" + layout::kGuestHelpersInside);
  // What comes last is for the guest's PID 1, which reads it as a kernel's command line: kernel-command-line(7).
  if (start.starts_networkd) argv.emplace_back("systemd.wants=systemd-networkd.service");
  return argv;
}

}  // namespace sdme::nspawn
