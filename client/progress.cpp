// SPDX-License-Identifier: MIT
#include "progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text.hpp"

namespace sdme::client {

namespace {

using std::chrono::seconds;

constexpr std::size_t kWidestBar = 24;
constexpr std::size_t kNarrowestBar = 6;
// More is not known, it is only calculated.
constexpr double kLongestLeft = 100.0 * 3600;

std::string bar_of(double fraction, std::size_t columns) {
  const auto full = static_cast<std::size_t>(fraction * static_cast<double>(columns));
  if (full >= columns) return "[" + std::string(columns, '=') + "]";
  return "[" + std::string(full, '=') + ">" + std::string(columns - full - 1, ' ') + "]";
}

std::string title_of(const JobProgress& job) {
  auto text = fmt::format("{} {}", job.verb, job.name);
  if (!job.phase.empty()) text += ": " + job.phase;
  return printable(text);
}

std::string bytes_of(const JobProgress& job) {
  if (job.bytes_done == 0) return "";
  if (job.bytes_total == 0) return "  " + human_bytes(job.bytes_done);
  return fmt::format("  {} of {}", human_bytes(job.bytes_done), human_bytes(job.bytes_total));
}

std::string rate_of(const JobProgress& job, JobProgress::Clock::time_point now) {
  const bool all_there = job.bytes_total > 0 && job.bytes_done >= job.bytes_total;
  const auto rate = job.bytes_pace.per_second(now);
  if (!rate || job.bytes_done == 0 || all_there) return "";
  return fmt::format("  {}/s", human_bytes(static_cast<std::uint64_t>(*rate)));
}

// "" when nobody can know.
std::string left_of(const JobProgress& job, JobProgress::Clock::time_point now) {
  const auto rate = job.whole_pace.per_second(now);
  if (!rate || *rate <= 0 || job.fraction < 0 || job.fraction >= 1) return "";
  const double left = (1 - job.fraction) / *rate;
  if (left > kLongestLeft) return "";
  return fmt::format("  {} left", human_duration(seconds(static_cast<seconds::rep>(left + 0.5))));
}

}  // namespace

void JobProgress::update(const Dict& changed, Clock::time_point now) {
  const auto former_phase = phase;
  const auto former_bytes = bytes_done;
  phase = value_of(changed, "phase", value_of(changed, "Phase", phase));
  fraction = std::min(value_of(changed, "progress", value_of(changed, "Progress", fraction)), 1.0);
  bytes_done = value_of(changed, "bytes-done", value_of(changed, "BytesDone", bytes_done));
  bytes_total = value_of(changed, "bytes-total", value_of(changed, "BytesTotal", bytes_total));
  // Another phase goes at another pace, and counts anew.
  if (phase != former_phase || bytes_done < former_bytes) {
    bytes_pace.restart(now);
    whole_pace.restart(now);
  }
  bytes_pace.add(now, static_cast<double>(bytes_done));
  if (fraction >= 0) whole_pace.add(now, fraction);
}

std::string JobProgress::line(Clock::time_point now) const {
  auto text = title_of(*this);
  if (fraction >= 0) text += fmt::format("  {:.0f}%", fraction * 100);
  return text + bytes_of(*this) + rate_of(*this, now) + left_of(*this, now);
}

std::string JobProgress::bar(Clock::time_point now, std::size_t columns) const {
  const auto title = title_of(*this);
  const auto percent = fraction >= 0 ? fmt::format("{:3.0f}%", fraction * 100) : "";
  const auto left = left_of(*this, now);
  const auto numbers = bytes_of(*this) + rate_of(*this, now) +
                       (left.empty() ? "  " + human_duration(std::chrono::duration_cast<seconds>(now - since)) : left);

  const auto taken = columns_of(title) + std::string_view("  [] ").size() + percent.size() + numbers.size();
  const auto room = std::min(columns > taken ? columns - taken : 0, kWidestBar);
  const bool has_bar = fraction >= 0 && room >= kNarrowestBar;
  const auto middle = fraction < 0 ? "" : (has_bar ? "  " + bar_of(fraction, room) + " " : " ") + percent;
  return first_columns(title + middle + numbers, columns);
}

}  // namespace sdme::client
