// SPDX-License-Identifier: MIT
#include "guest/environment.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <string_view>

namespace sdme::guest {

namespace {

constexpr const char* kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

constexpr std::array<std::string_view, 12> kOfTheUnit = {
    "INVOCATION_ID",         "JOURNAL_STREAM", "SYSTEMD_EXEC_PID", "MANAGERPID", "MEMORY_PRESSURE_WATCH",
    "MEMORY_PRESSURE_WRITE", "NOTIFY_SOCKET",  "LISTEN_FDS",       "LISTEN_PID", "LISTEN_FDNAMES",
    "CREDENTIALS_DIRECTORY", "WATCHDOG_USEC"};

using Variables = std::map<std::string, std::string, std::less<>>;

void set(Variables& variables, std::string_view assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) return;
  variables.insert_or_assign(std::string(assignment.substr(0, equals)), std::string(assignment.substr(equals + 1)));
}

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// Read by hand: a static program cannot load the guest's NSS modules. systemd, which can, has set
// these variables already in all but odd cases.
void add_account(Variables& variables) {
  const std::unique_ptr<std::FILE, FileCloser> file(std::fopen("/etc/passwd", "re"));
  while (const auto* entry = file ? fgetpwent(file.get()) : nullptr) {
    if (entry->pw_uid != getuid()) continue;
    variables.try_emplace("HOME", entry->pw_dir);
    variables.try_emplace("USER", entry->pw_name);
    variables.try_emplace("LOGNAME", entry->pw_name);
    if (*entry->pw_shell != '\0') variables.try_emplace("SHELL", entry->pw_shell);
    return;
  }
}

}  // namespace

std::vector<std::string> environment(char* const* inherited, const std::vector<std::string>& from_caller) {
  Variables variables;
  for (; *inherited != nullptr; ++inherited) set(variables, *inherited);
  for (const auto name : kOfTheUnit) {
    if (const auto found = variables.find(name); found != variables.end()) variables.erase(found);
  }
  add_account(variables);
  variables.try_emplace("HOME", "/");
  variables.try_emplace("SHELL", "/bin/sh");
  variables.try_emplace("PATH", kPath);
  for (const auto& assignment : from_caller) set(variables, assignment);
  std::vector<std::string> list;
  for (const auto& [name, value] : variables) list.push_back(name + "=" + value);
  return list;
}

std::string value_of(const std::vector<std::string>& environment, const std::string& name) {
  const auto prefix = name + "=";
  const auto found =
      std::ranges::find_if(environment, [&](const std::string& text) { return text.starts_with(prefix); });
  return found == environment.end() ? "" : found->substr(prefix.size());
}

}  // namespace sdme::guest
