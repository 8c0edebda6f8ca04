// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "model/names.hpp"
#include "model/network.hpp"
#include "model/port.hpp"

namespace sdme::model {

struct PodName : Name {
  static PodName parse(std::string_view text) { return PodName{Name::parse(text, "pod name")}; }
};

inline constexpr std::uint64_t kPodVersion = 1;

// A network that containers share: they reach each other on its loopback, and nobody else does.
struct PodRecord {
  PodName name;
  std::string uuid;
  std::uint32_t owner = 0;         // uid
  std::uint64_t created_usec = 0;  // CLOCK_REALTIME
  Network network{.mode = Network::Mode::kPrivate};  // or a link to the host, or a zone
  std::vector<Port> ports;
  json::Value raw = json::Value::object();  // unknown fields are kept, as of other records

  // InvalidArgument where network and ports do not fit.
  void check() const;
  // As Definition::host_features(): ports below 1024.
  std::vector<std::string> host_features() const;

  std::string to_text() const;
  static PodRecord from_text(const std::string& text, const std::string& what);
};

}  // namespace sdme::model
