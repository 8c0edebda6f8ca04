// SPDX-License-Identifier: MIT
#include "commands/fs_list.hpp"

#include <CLI/CLI.hpp>

#include "client.hpp"
#include "text.hpp"

namespace sdme::client {

void FsList::define(CLI::App&) {}

int FsList::run(Client& client) const {
  const auto list = client.bus.await(client.bus.open().ListRootfs({}));
  if (client.out.wants_json()) {
    client.out.results(list);
    return exit_code::kDone;
  }
  if (list.empty()) {
    client.out.say("no root filesystems found");
    return exit_code::kDone;
  }
  Table table({"NAME", "OS", "SIZE", "SHARED", "OWN", "BOOTABLE", "CONTAINERS", "CREATED", "OWNER"});
  for (const auto& rootfs : list) {
    const bool bootable = value_of<bool>(rootfs, "bootable");
    table.add({value_of<std::string>(rootfs, "name"),
               value_of<std::string>(rootfs, "os"),
               human_bytes(value_of<std::uint64_t>(rootfs, "size")),
               human_bytes(value_of<std::uint64_t>(rootfs, "shared")),
               human_bytes(value_of<std::uint64_t>(rootfs, "own")),
               {bootable ? "yes" : "no", bootable ? Colour::kNone : Colour::kYellow},
               std::to_string(value_of<std::vector<std::string>>(rootfs, "containers").size()),
               local_time(value_of<std::uint64_t>(rootfs, "created-usec")),
               user_name(value_of<std::uint32_t>(rootfs, "owner"))});
  }
  client.out.table(table);
  return exit_code::kDone;
}

}  // namespace sdme::client
