// SPDX-License-Identifier: MIT
#include "machine/nspawn.hpp"

#include "os/namespaces.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

constexpr const char* kNspawn = "/usr/bin/systemd-nspawn";

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

std::vector<std::string> nspawn_command(const model::ContainerRecord& record, const Start& start) {
  std::vector<std::string> argv = {
      kNspawn, "--settings=no", "--quiet", "--boot", "--keep-unit", "--notify-ready=yes", "--link-journal=no",
      "--console=read-only",  // what the guest's console says goes to our journal
                                   // Escape sequences would make binary data of the journal's lines.
      "--setenv=TERM=dumb", "--machine=" + record.name.str(), "--directory=" + start.directory,
      std::string("--register=") + (start.registers ? "yes" : "no")};
  add_users(argv, record.definition, start);
  add_network(argv, record.definition);
  argv.push_back(std::string("--bind-ro=") + layout::kGuestHelpers + ":" + layout::kGuestHelpersInside);
  return argv;
}

}  // namespace sdme::machine
