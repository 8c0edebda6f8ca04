// SPDX-License-Identifier: MIT
#pragma once

#include <malloc.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>

namespace sdme::test {

// Of this process, from /proc: "VmRSS", "VmHWM".
inline std::uint64_t memory_of_process(const std::string& key) {
  constexpr std::uint64_t kUnit = 1024;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key + ":")) return std::stoull(line.substr(key.size() + 1)) * kUnit;
  }
  return 0;
}

// How much more memory the process had than before, at the worst moment of `work`.
template <typename Work>
std::uint64_t peak_memory_of(Work&& work) {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak is what is there now: proc(5)
  const auto before = memory_of_process("VmRSS");
  std::forward<Work>(work)();
  const auto peak = memory_of_process("VmHWM");
  return peak > before ? peak - before : 0;
}

}  // namespace sdme::test
