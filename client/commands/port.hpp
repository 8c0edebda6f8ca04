// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct PortAdd {
  static constexpr const char* kName = "add";
  static constexpr const char* kSummary = "publish ports of a container, at once and from now on";
  static constexpr const char* kExamples =
      "  sdmectl port add web 8080:80\n"
      "  sdmectl port add web 127.0.0.1:5353:53/udp";

  std::string name;
  std::vector<std::string> ports;

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct PortRemove {
  static constexpr const char* kName = "rm";
  static constexpr const char* kSummary = "publish them no longer";
  static constexpr const char* kExamples = "  sdmectl port rm web 8080";

  std::string name;
  std::vector<std::string> ports;

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct PortList {
  static constexpr const char* kName = "ls";
  static constexpr const char* kSummary = "list published ports, of one container or all";
  static constexpr const char* kExamples = "  sdmectl port ls";

  std::string name;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
