// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client.hpp"
#include "definition_flags.hpp"

namespace CLI {
class App;
}

namespace sdme::client {

// What a container is to be: the flags that `create` and `new` share.
struct ContainerFlags {
  std::string name;
  std::string rootfs;
  DefinitionFlags wanted;
  std::vector<std::string> opaque_dirs;
  std::optional<std::string> masked_services;
  bool enable = false;
  bool ephemeral = false;

  void define(CLI::App& app);
  // As CreateContainer takes it; what was not said is left to the daemon.
  Dict definition() const;
};

// Makes it, has it start at boot where that was asked for, and returns its name.
std::string create_container(Client& client, const ContainerFlags& flags);

}  // namespace sdme::client
