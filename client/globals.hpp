// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace sdme::client {

enum class Json { kOff, kShort, kPretty };
enum class Progress { kAuto, kBar, kPlain, kNone };

// The options that every verb has.
struct Globals {
  std::string address;  // "" is the system bus
  bool ask_password = true;
  bool legend = true;
  bool verbose = false;
  Json json = Json::kOff;
  Progress progress = Progress::kAuto;
};

}  // namespace sdme::client
