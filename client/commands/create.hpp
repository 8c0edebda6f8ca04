// SPDX-License-Identifier: MIT
#pragma once

#include "container_flags.hpp"
#include "verb.hpp"

namespace sdme::client {

struct Create {
  static constexpr const char* kName = "create";
  static constexpr const char* kSummary = "make a container, and print its name";
  static constexpr const char* kExamples =
      "  sdmectl create web --fs debian --private-network\n"
      "  sdmectl create --enable --started\n"
      "  sdmectl create lab -o /etc/systemd/system,/var/log --masked-services ''";

  ContainerFlags flags;
  bool started = false;
  unsigned timeout_seconds = 0;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
