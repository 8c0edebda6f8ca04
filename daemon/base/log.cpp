// SPDX-License-Identifier: MIT
#include "base/log.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

namespace sdme::log {

namespace {

Level g_max_level = Level::kInfo;

}  // namespace

void set_max_level(Level level) { g_max_level = level; }
Level max_level() { return g_max_level; }

void write(Level level, const std::string& message, const std::vector<Field>& fields) {
  if (level > g_max_level) return;
  if (isatty(STDERR_FILENO) != 0) {
    static_cast<void>(std::fprintf(stderr, "%s\n", message.c_str()));
    return;
  }
  std::vector<std::string> lines = {"MESSAGE=" + message, "PRIORITY=" + std::to_string(static_cast<int>(level))};
  for (const auto& [name, value] : fields) lines.push_back(std::string(name) + "=" + value);
  std::vector<iovec> vector;
  vector.reserve(lines.size());
  for (auto& line : lines) vector.push_back({line.data(), line.size()});
  sd_journal_sendv(vector.data(), static_cast<int>(vector.size()));
}

}  // namespace sdme::log
