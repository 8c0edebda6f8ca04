// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "base/json.hpp"
#include "guest/spec.hpp"
#include "systemd/transient_unit.hpp"

namespace sdme::machine {

// What a session's request asks for, decoded.
struct SessionRequest {
  std::uint64_t job = 0;
  std::string name;
  std::string user;  // as the guest knows it
  guest::Spec command;
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;

  static SessionRequest from_json(const json::Value& request);  // InvalidArgument
};

// The unit for the guest's systemd. `socket` becomes the helper's standard input; `terminal` is
// the guest's name of one, "" without.
systemd::TransientUnit session_unit(const SessionRequest& request, int socket, const std::string& terminal);

}  // namespace sdme::machine
