// SPDX-License-Identifier: MIT
#include "nspawn/command.hpp"

#include "os/namespaces.hpp"
#include "store/layout.hpp"

#include <array>

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

void add_network(std::vector<std::string>& argv, const model::Definition& definition) {
  if (definition.private_network) {
    argv.emplace_back("--private-network");
    argv.emplace_back("--resolv-conf=off");  // no server can be reached
    return;
  }
  // The host's own file, whichever resolver it names, is right on the host's network. Bound and
  // not copied: a copy would be written as the host's root, whom an idmapped layer does not know.
  argv.emplace_back("--resolv-conf=bind-host");
}

}  // namespace

std::vector<std::string> command_of(const model::ContainerRecord& record, const Start& start) {
  std::vector<std::string> argv(kAlways.begin(), kAlways.end());
  argv.push_back("--machine=" + record.name.str());
  argv.push_back("--directory=" + start.directory);
  argv.emplace_back(start.registers ? "--register=yes" : "--register=no");
  add_users(argv, record.definition, start);
  add_network(argv, record.definition);
  argv.push_back(std::string("--bind-ro=") + layout::kGuestHelpers + ":" + layout::kGuestHelpersInside);
  return argv;
}

}  // namespace sdme::nspawn
