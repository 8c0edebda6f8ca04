// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

// What libFuzzer calls, and replay.cpp. A fault ends the process; what is only refused returns.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count);

namespace sdme::test {

inline std::string_view text_of(const std::uint8_t* bytes, std::size_t count) {
  return count == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char*>(bytes), count);
}

inline void require(bool holds, std::string_view what, std::string_view found = "") {
  if (holds) return;
  std::fprintf(stderr, "fault: %.*s: '%s'\n", static_cast<int>(what.size()), what.data(),
               text::printable(found, 4096).c_str());
  std::abort();
}

inline bool is_printable(std::string_view line) { return text::printable(line, line.size()) == line; }

// Bad input is refused with an Error, whose sentence, and what follows it in lines of its own, can be shown
// to anybody. Any other exception is a fault: nobody catches it.
template <typename Work>
void attempt(Work&& work) {
  try {
    std::forward<Work>(work)();
  } catch (const Error& error) {
    require(!error.message().empty(), "an error without a sentence");
    for (const auto& line : text::split(error.message(), '\n')) require(is_printable(line), "an error", line);
  }
}

// What has been accepted once is not refused later.
template <typename Work>
auto accepted(Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const Error& error) {
    require(false, "refused after it was accepted", error.message());
    std::abort();
  }
}

}  // namespace sdme::test
