// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Structured lines to the journal, or plain ones to a terminal.
namespace sdme::log {

enum class Level : int { kError = 3, kWarning = 4, kNotice = 5, kInfo = 6, kDebug = 7 };  // syslog(3)

// A journal field beside the message, such as {"SDME_JOB", "17"}. Documented in sdmed(8).
using Field = std::pair<std::string_view, std::string>;

namespace field {
inline constexpr std::string_view kJob = "SDME_JOB";
inline constexpr std::string_view kContainer = "SDME_CONTAINER";
inline constexpr std::string_view kRootfs = "SDME_ROOTFS";
inline constexpr std::string_view kVolume = "SDME_VOLUME";
inline constexpr std::string_view kCallerUid = "SDME_CALLER_UID";
inline constexpr std::string_view kAction = "SDME_ACTION";
inline constexpr std::string_view kResult = "SDME_RESULT";
}  // namespace field

// Lines above the level are dropped. LogControl1 changes it while the daemon runs.
void set_max_level(Level level);
Level max_level();

// Text from strangers must come through text::printable() or text::quoted().
void write(Level level, const std::string& message, const std::vector<Field>& fields = {});

inline void error(const std::string& message, const std::vector<Field>& fields = {}) {
  write(Level::kError, message, fields);
}
inline void warning(const std::string& message, const std::vector<Field>& fields = {}) {
  write(Level::kWarning, message, fields);
}
inline void info(const std::string& message, const std::vector<Field>& fields = {}) {
  write(Level::kInfo, message, fields);
}
inline void debug(const std::string& message, const std::vector<Field>& fields = {}) {
  write(Level::kDebug, message, fields);
}

}  // namespace sdme::log
