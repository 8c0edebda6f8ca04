// SPDX-License-Identifier: MIT
#include "machine/drop_in.hpp"

#include <unistd.h>

#include "os/dir.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

constexpr const char* kFile = "50-sdmed.conf";
constexpr std::size_t kLongest = 64 * 1024;

std::string directory_of(const std::string& name) { return layout::container_unit(name) + ".d"; }

// False where it is so already.
bool write(const std::string& name, const std::string& text) {
  const auto units = os::Dir::open(layout::kUnits);
  const auto directory = directory_of(name);
  const auto found = units.find_dir(directory);
  if (text.empty()) {
    if (found) os::tree_remove(units, directory);
    return found.has_value();
  }
  const auto at = found ? units.open_dir(directory) : units.make_dir(directory, 0755);
  if (at.find_text(kFile, kLongest) == text) return false;
  at.write(kFile, text, 0644);
  return true;
}

// A worker that was killed may have written it and told nobody: so systemd is asked whether it knows.
void settle(systemd::Pid1& pid1, const std::string& name, const std::string& text) {
  if (write(name, text) || pid1.is_outdated(layout::container_unit(name))) pid1.reload();
}

}  // namespace

std::string drop_in_text(const model::Definition& definition) {
  std::string unit;
  for (const auto& name : definition.requirements) {
    const auto other = layout::container_unit(name);
    unit += "Wants=" + other + "\nAfter=" + other + "\n";
  }
  std::string service;
  if (definition.restart == model::Definition::Restart::kOnFailure) {
    // One that fails over and over is tried less and less often, and not given up.
    service = "Restart=on-failure\nRestartSec=1s\nRestartSteps=6\nRestartMaxDelaySec=1min\n";
    unit += "StartLimitIntervalSec=0\n";
  }
  if (unit.empty() && service.empty()) return "";
  return "# Written by sdmed from the container's record, and written anew: change it with 'sdmectl set'.\n" +
         (unit.empty() ? "" : "[Unit]\n" + unit) + (service.empty() ? "" : "[Service]\n" + service);
}

void settle_drop_in(systemd::Pid1& pid1, const std::string& name, const model::Definition& definition) {
  settle(pid1, name, drop_in_text(definition));
}

void forget_unit(systemd::Pid1& pid1, const std::string& name) {
  const auto unit = layout::container_unit(name);
  const auto is_there = [&](const char* in) {
    return access((std::string(in) + "/" + unit + ".d").c_str(), F_OK) == 0;
  };
  if (!is_there(layout::kUnits) && !is_there(layout::kUnitControl)) return;
  pid1.revert(unit);
}

}  // namespace sdme::machine
