// SPDX-License-Identifier: MIT
#include "pace.hpp"

#include <algorithm>

namespace sdme::client {

namespace {

using std::chrono::seconds;

constexpr seconds kWindow{10};
constexpr seconds kSettles{1};
constexpr seconds kGuessAfter{2};

}  // namespace

void Pace::restart(Clock::time_point now) {
  begun_ = now;
  samples_.clear();
}

void Pace::add(Clock::time_point now, double value) {
  if (begun_ == Clock::time_point{}) begun_ = now;
  if (now - begun_ < kSettles) samples_.clear();
  samples_.push_back({now, value});
  while (samples_.size() > 1 && samples_[1].at <= now - kWindow) samples_.pop_front();
}

std::optional<double> Pace::per_second(Clock::time_point now) const {
  if (samples_.empty() || now - begun_ < kGuessAfter) return std::nullopt;
  // The value at the window's beginning is that of the last sample before it.
  const auto beginning = std::max(samples_.front().at, now - kWindow);
  const auto after = std::ranges::find_if(samples_, [&](const Sample& sample) { return sample.at > beginning; });
  const double before = std::prev(after)->value;
  const std::chrono::duration<double> length = now - beginning;
  if (length < kSettles) return std::nullopt;
  return std::max(samples_.back().value - before, 0.0) / length.count();
}

}  // namespace sdme::client
