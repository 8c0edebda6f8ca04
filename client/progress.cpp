// SPDX-License-Identifier: MIT
#include "progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text.hpp"

namespace sdme::client {

namespace {

using Seconds = std::chrono::duration<double>;

// Before this the rate and the rest are guesses that jump about.
constexpr Seconds kGuessAfter{2};
constexpr std::size_t kBarColumns = 24;

std::string bar_of(double fraction) {
  const auto full = static_cast<std::size_t>(fraction * kBarColumns);
  if (full >= kBarColumns) return "[" + std::string(kBarColumns, '=') + "]";
  return "[" + std::string(full, '=') + ">" + std::string(kBarColumns - full - 1, ' ') + "]";
}

std::string bytes_of(const JobProgress& job) {
  if (job.bytes_done == 0) return "";
  if (job.bytes_total == 0) return "  " + human_bytes(job.bytes_done);
  return fmt::format("  {} of {}", human_bytes(job.bytes_done), human_bytes(job.bytes_total));
}

}  // namespace

void JobProgress::update(const Dict& changed) {
  phase = value_of(changed, "phase", value_of(changed, "Phase", phase));
  fraction = std::min(value_of(changed, "progress", value_of(changed, "Progress", fraction)), 1.0);
  bytes_done = value_of(changed, "bytes-done", value_of(changed, "BytesDone", bytes_done));
  bytes_total = value_of(changed, "bytes-total", value_of(changed, "BytesTotal", bytes_total));
}

std::string JobProgress::line() const {
  auto text = fmt::format("{} {}", verb, name);
  if (!phase.empty()) text += ": " + phase;
  if (fraction >= 0) text += fmt::format("  {:.0f}%", fraction * 100);
  return printable(text + bytes_of(*this));
}

std::string JobProgress::bar(Clock::time_point now, std::size_t columns) const {
  const Seconds elapsed = now - since;
  auto text = fmt::format("{} {}", verb, name);
  if (!phase.empty()) text += ": " + phase;
  if (fraction >= 0) text += fmt::format("  {} {:3.0f}%", bar_of(fraction), fraction * 100);
  text += bytes_of(*this);
  if (elapsed >= kGuessAfter && bytes_done > 0) {
    text += fmt::format("  {}/s",
                        human_bytes(static_cast<std::uint64_t>(static_cast<double>(bytes_done) / elapsed.count())));
  }
  if (elapsed >= kGuessAfter && fraction > 0) {
    const Seconds left = elapsed * (1 - fraction) / fraction;
    text += fmt::format("  {} left", human_duration(std::chrono::round<std::chrono::seconds>(left)));
  } else {
    text += "  " + human_duration(std::chrono::duration_cast<std::chrono::seconds>(elapsed));
  }
  return first_columns(printable(text), columns);
}

}  // namespace sdme::client
