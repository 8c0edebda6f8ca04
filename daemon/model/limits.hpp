// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/json.hpp"

namespace sdme::model {

// What a container may use, all its processes together: systemd.resource-control(5). What is
// absent is not limited, beyond what the unit's template says of tasks.
struct Limits {
  std::optional<std::uint64_t> memory;      // bytes
  std::optional<std::uint64_t> swap;        // bytes; as much as memory where that is limited and this is not
  std::optional<std::uint64_t> cpus;        // thousandths of one processor
  std::optional<std::uint64_t> cpu_weight;  // 1 to 10000, 100 is what everybody has
  std::optional<std::uint64_t> io_weight;   // likewise
  std::optional<std::uint64_t> tasks;       // processes and threads
  std::optional<std::uint64_t> disk;        // bytes that it may write to its root

  std::optional<std::uint64_t> effective_swap() const { return swap ? swap : memory; }

  // InvalidArgument unless each makes sense by itself.
  void check() const;

  json::Value to_json() const;
  static Limits from_json(const json::Value& value);

  bool operator==(const Limits&) const = default;
};

struct LimitRow {
  const char* key;  // in records and requests; on the bus with '-' for '_'
  std::optional<std::uint64_t> Limits::* member;
  std::uint64_t smallest;
  std::uint64_t largest;
  const char* unit;  // for sentences
};

// Every limit there is.
const std::vector<LimitRow>& limit_rows();

}  // namespace sdme::model
