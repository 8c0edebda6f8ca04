// SPDX-License-Identifier: MIT
#pragma once

#include "verb.hpp"

namespace sdme::client {

struct PodNew {
  static constexpr const char* kName = "new";
  static constexpr const char* kSummary = "make a pod: a network that containers share";
  static constexpr const char* kExamples =
      "  sdmectl pod new shop --attach veth -p 8080:80\n"
      "  sdmectl new web --fs debian --pod shop";

  std::string name, attach, zone;
  std::vector<std::string> ports;

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct PodList {
  static constexpr const char* kName = "ls";
  static constexpr const char* kSummary = "list pods";
  static constexpr const char* kExamples = "  sdmectl pod ls";

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct PodShow {
  static constexpr const char* kName = "show";
  static constexpr const char* kSummary = "show all there is to know of pods";
  static constexpr const char* kExamples = "  sdmectl pod show shop";

  std::vector<std::string> names;

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct PodRemove {
  static constexpr const char* kName = "rm";
  static constexpr const char* kSummary = "remove pods that have no members";
  static constexpr const char* kExamples = "  sdmectl pod rm shop";

  std::vector<std::string> names;

  void define(CLI::App& app);
  int run(Client& client) const;
};

// Of `pod net`.
struct PodAttach {
  static constexpr const char* kName = "attach";
  static constexpr const char* kSummary = "give a pod a link to the host, or to a zone, while its members run";
  static constexpr const char* kExamples =
      "  sdmectl pod net attach shop veth\n"
      "  sdmectl pod net attach shop zone lan";

  std::string name, how, zone;

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct PodDetach {
  static constexpr const char* kName = "detach";
  static constexpr const char* kSummary = "take a pod's link away";
  static constexpr const char* kExamples = "  sdmectl pod net detach shop";

  std::string name;

  void define(CLI::App& app);
  int run(Client& client) const;
};

// Of `pod port`.
struct PodPortAdd {
  static constexpr const char* kName = "add";
  static constexpr const char* kSummary = "publish ports of a pod, at once and from now on";
  static constexpr const char* kExamples = "  sdmectl pod port add shop 8080:80";

  std::string name;
  std::vector<std::string> ports;

  void define(CLI::App& app);
  int run(Client& client) const;
};

struct PodPortRemove {
  static constexpr const char* kName = "rm";
  static constexpr const char* kSummary = "publish them no longer";
  static constexpr const char* kExamples = "  sdmectl pod port rm shop 8080";

  std::string name;
  std::vector<std::string> ports;

  void define(CLI::App& app);
  int run(Client& client) const;
};

}  // namespace sdme::client
