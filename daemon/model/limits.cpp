// SPDX-License-Identifier: MIT
#include "model/limits.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace sdme::model {

namespace {

constexpr std::uint64_t kMebi = 1024 * 1024;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 60U;  // an exbibyte: sums of a few still fit
constexpr std::uint64_t kMostTasks = 4 * kMebi;                // what pid_max can be, proc_sys_kernel(5)

}  // namespace

const std::vector<LimitRow>& limit_rows() {
  // The least memory is what a systemd needs to say why it cannot boot.
  static const std::vector<LimitRow> rows = {
      {"memory", &Limits::memory, 16 * kMebi, kMostBytes, "bytes"},
      {"swap", &Limits::swap, 0, kMostBytes, "bytes"},
      {"cpus", &Limits::cpus, 10, 8192 * 1000, "thousandths of a processor"},
      {"cpu_weight", &Limits::cpu_weight, 1, 10000, ""},
      {"io_weight", &Limits::io_weight, 1, 10000, ""},
      {"tasks", &Limits::tasks, 16, kMostTasks, "tasks"},
      {"disk", &Limits::disk, 16 * kMebi, kMostBytes, "bytes"},
  };
  return rows;
}

void Limits::check() const {
  for (const auto& row : limit_rows()) {
    const auto value = this->*row.member;
    if (!value || (*value >= row.smallest && *value <= row.largest)) continue;
    std::string name = row.key;
    std::ranges::replace(name, '_', ' ');
    throw Error(Errc::kInvalidArgument, "the limit of " + name + " must be between " + std::to_string(row.smallest) +
                                            " and " + std::to_string(row.largest) +
                                            (*row.unit == '\0' ? "" : std::string(" ") + row.unit));
  }
}

json::Value Limits::to_json() const {
  auto value = json::Value::object();
  for (const auto& row : limit_rows()) {
    if (const auto limit = this->*row.member) value[row.key] = *limit;
  }
  return value;
}

Limits Limits::from_json(const json::Value& value) {
  Limits limits;
  for (const auto& row : limit_rows()) {
    if (value.contains(row.key)) limits.*row.member = json::get<std::uint64_t>(value, row.key);
  }
  return limits;
}

}  // namespace sdme::model
