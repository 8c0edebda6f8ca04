// SPDX-License-Identifier: MIT
#include "commands/fs_show.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "client.hpp"
#include "inspection.hpp"
#include "rootfs_block.hpp"

namespace sdme::client {

void FsShow::define(CLI::App& app) { app.add_option("NAME", names, "names of root filesystems")->required(); }

int FsShow::run(Client& client) const {
  const auto inspect = [&](std::size_t i) { return client.bus.await(client.bus.gated().InspectRootfs(names[i], {})); };
  return show_each(client, names.size(), inspect, {.block = rootfs_block, .json = rootfs_json});
}

}  // namespace sdme::client
