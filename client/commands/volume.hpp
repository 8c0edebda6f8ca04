// SPDX-License-Identifier: MIT
#pragma once

#include "containers.hpp"
#include "verb.hpp"

namespace sdme::client {

struct VolumeCreate {
  static constexpr const char* kName = "create";
  static constexpr const char* kSummary = "make empty volumes";
  static constexpr const char* kExamples = "  sdmectl volume create data\n  sdmectl mount db data:/var/lib/postgresql";

  std::vector<std::string> names;

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct VolumeList {
  static constexpr const char* kName = "ls";
  static constexpr const char* kSummary = "list the volumes";
  static constexpr const char* kExamples = "  sdmectl volume ls";

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct VolumeShow {
  static constexpr const char* kName = "show";
  static constexpr const char* kSummary = "show all there is to know of volumes";
  static constexpr const char* kExamples = "  sdmectl volume show data --json | jq -r '.[0].containers[]'";

  std::vector<std::string> names;

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct VolumeRemove {
  static constexpr const char* kName = "rm";
  static constexpr const char* kSummary = "remove volumes that no container uses, with all that is in them";
  static constexpr const char* kExamples = "  sdmectl volume rm data\n  sdmectl volume rm --all --force";

  Names names;
  bool force = false;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
