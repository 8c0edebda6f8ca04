// SPDX-License-Identifier: MIT
#include "registry/network.hpp"

namespace sdme::registry {

namespace {

int number(const json::Value& value, std::string_view key, int otherwise, int least, int most) {
  const auto found = json::get_or<int>(value, key, otherwise);
  if (found >= least && found <= most) return found;
  throw Error(Errc::kCorrupt,
              "key '" + std::string(key) + "' must be from " + std::to_string(least) + " to " + std::to_string(most));
}

}  // namespace

Network Network::from_json(const json::Value& value) {
  constexpr int kDay = 86400;
  Network made;
  made.parallel = number(value, "parallel", made.parallel, 1, 16);
  made.connect_timeout = std::chrono::seconds(number(value, "connect_timeout_sec", 30, 1, kDay));
  made.low_speed = std::chrono::seconds(number(value, "low_speed_sec", 60, 1, kDay));
  made.retries = number(value, "retries", made.retries, 0, 100);
  made.http_proxy = json::get_or<std::string>(value, "http_proxy", "");
  made.https_proxy = json::get_or<std::string>(value, "https_proxy", "");
  made.no_proxy = json::get_or<std::string>(value, "no_proxy", "");
  return made;
}

}  // namespace sdme::registry
