// SPDX-License-Identifier: MIT
#include "commands/fs_show.hpp"

#include <CLI/CLI.hpp>

#include "client.hpp"
#include "inspection.hpp"

namespace sdme::client {

void FsShow::define(CLI::App& app) { app.add_option("NAME", names, "names of root filesystems")->required(); }

int FsShow::run(Client& client) const {
  return show_each(client, names.size(),
                   [&](std::size_t i) { return client.bus.await(client.bus.gated().InspectRootfs(names[i], {})); });
}

}  // namespace sdme::client
