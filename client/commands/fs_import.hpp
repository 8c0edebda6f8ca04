// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct FsImport {
  static constexpr const char* kName = "import";
  static constexpr const char* kSummary = "make a root filesystem of an image, an archive, a disk or a directory";
  static constexpr const char* kExamples =
      "  sdmectl fs import debian docker.io/library/debian:13\n"
      "  sdmectl fs import debian debian.tar.zst\n"
      "  sdmectl fs import debian /srv/chroots/debian\n"
      "  sdmectl fs import web oci:./layout:v1\n"
      "  sdmectl fs import cloud https://example.org/cloud.qcow2\n"
      "  ssh build cat debian.tar | sdmectl fs import debian -";

  std::string name;
  std::string source;
  bool force = false;
  bool detach = false;
  std::string platform;
  std::string tag;
  std::string install_packages;
  bool no_cache = false;
  std::string creds;
  std::string authfile;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
