// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

#include "base/json.hpp"

namespace sdme::registry {

// How servers are reached. Each is optional in a request, and these are the defaults.
struct Network {
  int parallel = 3;                              // layers that are fetched at once, 1 to 16
  std::chrono::seconds connect_timeout{30};
  std::chrono::seconds low_speed{60};            // slower than 1 KiB/s for so long is given up
  int retries = 5;                               // in a row, without any byte between them
  std::string http_proxy;                        // "" for none; nothing of the environment counts
  std::string https_proxy;
  std::string no_proxy;                          // hosts, with commas

  // {"parallel", "connect_timeout_sec", "low_speed_sec", "retries", "http_proxy", "https_proxy",
  // "no_proxy"}; Corrupt when one is of the wrong type or beyond what is sensible.
  static Network from_json(const json::Value& value);
};

}  // namespace sdme::registry
