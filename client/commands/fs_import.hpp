// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct FsImport {
  static constexpr const char* kName = "import";
  static constexpr const char* kSummary = "make a root filesystem of an archive or a directory";
  static constexpr const char* kExamples =
      "  sdmectl fs import debian debian.tar.zst\n"
      "  sdmectl fs import debian /srv/chroots/debian\n"
      "  ssh build cat debian.tar | sdmectl fs import debian -";

  std::string name;
  std::string source;
  bool force = false;
  bool detach = false;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
