// SPDX-License-Identifier: MIT
#include "machine/registration.hpp"

#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "base/log.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

constexpr const char* kMachined = "org.freedesktop.machine1";
constexpr const char* kPath = "/org/freedesktop/machine1";
constexpr const char* kManager = "org.freedesktop.machine1.Manager";

using Bus = std::unique_ptr<sd_bus, decltype(&sd_bus_flush_close_unref)>;
using Message = std::unique_ptr<sd_bus_message, decltype(&sd_bus_message_unref)>;

// The unit that machined says the machine is in; "" where it does not say.
std::string unit_of(sd_bus* bus, const std::string& name) {
  sd_bus_message* raw = nullptr;
  const char* path = nullptr;
  char* unit = nullptr;
  int result = sd_bus_call_method(bus, kMachined, kPath, kManager, "GetMachine", nullptr, &raw, "s", name.c_str());
  const Message reply(raw, sd_bus_message_unref);
  if (result >= 0) result = sd_bus_message_read(raw, "o", &path);
  if (result >= 0)
    result =
        sd_bus_get_property_string(bus, kMachined, path, "org.freedesktop.machine1.Machine", "Unit", nullptr, &unit);
  const std::unique_ptr<char, decltype(&std::free)> owned(unit, &std::free);
  return result >= 0 ? unit : "";
}

}  // namespace

void unregister_last_run(const std::string& name) {
  if (access((std::string(layout::kMachinesState) + "/" + name).c_str(), F_OK) < 0) return;
  sd_bus* raw = nullptr;
  int result = sd_bus_open_system(&raw);
  const Bus bus(raw, sd_bus_flush_close_unref);
  if (result < 0 || unit_of(raw, name) != layout::container_unit(name)) return;
  result =
      sd_bus_call_method(raw, kMachined, kPath, kManager, "UnregisterMachine", nullptr, nullptr, "s", name.c_str());
  if (result < 0) log::warning("machined still has the last run of container '" + name + "'");
}

}  // namespace sdme::machine
