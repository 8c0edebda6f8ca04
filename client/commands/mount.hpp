// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct Mount {
  static constexpr const char* kName = "mount";
  static constexpr const char* kSummary = "show files, directories or volumes in a container, at once and from now on";
  static constexpr const char* kExamples =
      "  sdmectl mount web ~/site:/srv/www:ro\n"
      "  sdmectl mount db data:/var/lib/postgresql";

  std::string name;
  std::vector<std::string> binds;

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct Unmount {
  static constexpr const char* kName = "umount";
  static constexpr const char* kSummary = "show them no longer";
  static constexpr const char* kExamples = "  sdmectl umount web /srv/www";

  std::string name;
  std::vector<std::string> destinations;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
