// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "proxy/address.hpp"

namespace sdme::proxy {

// sdme-proxy [--max-connections N] [--idle SECONDS] [--flow-idle SECONDS] ADDRESS PORT
struct Arguments {
  static Arguments parse(const std::vector<std::string>& words);  // InvalidArgument

  Address guest;
  std::size_t max_connections = 4096;
  std::chrono::seconds idle{60};       // with nothing open for so long, it ends
  std::chrono::seconds flow_idle{60};  // so long a client of UDP is remembered
};

}  // namespace sdme::proxy
