// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client.hpp"

namespace CLI {
class App;
}

namespace sdme::client {

// What a container is to be: the flags that `create`, `new` and `set` share.
struct DefinitionFlags {
  void define(CLI::App& app);
  // As CreateContainer and UpdateContainer take it; what was not said is left to the daemon.
  Dict definition() const;

 private:
  void define_network(CLI::App& app);
  void define_limits(CLI::App& app);
  void define_security(CLI::App& app);
  void define_life(CLI::App& app);

  std::string network_;
  std::optional<std::string> oci_pod_;
  std::vector<std::string> ports_, binds_, environment_;
  std::optional<std::string> memory_, swap_, disk_, cpus_, cpu_weight_, io_weight_, tasks_;
  std::optional<bool> userns_;
  std::string profile_;
  std::vector<std::string> capabilities_, drop_capabilities_, system_call_filter_;
  std::optional<std::string> apparmor_profile_;
  std::optional<bool> no_new_privileges_, read_only_, protected_;
  std::string restart_;
  std::optional<std::string> requirements_;
};

// SOURCE:DESTINATION[:OPTIONS] with the source as the daemon wants it: absolute, without links. The
// Failure says when there is none.
std::string resolve_bind(const std::string& typed);

// Bytes of "512M" or "1.5G", powers of 1024; 2^64-1 for "none". Throws the Failure of a wrong use.
std::uint64_t parse_size(const std::string& flag, const std::string& typed);

}  // namespace sdme::client
