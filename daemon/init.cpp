// SPDX-License-Identifier: MIT
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "machine/root.hpp"
#include "model/record.hpp"
#include "nspawn/command.hpp"
#include "os/dir.hpp"
#include "store/layout.hpp"

// sdme-init NAME: the process of sdme-container@NAME.service. It mounts what the record says and
// becomes systemd-nspawn. Needs no daemon and no bus, so that containers start at boot.
namespace sdme {

namespace {

constexpr std::size_t kLongestRecord = 4 * 1024 * 1024;
constexpr const char* kSystemBus = "/run/dbus/system_bus_socket";
constexpr std::uint64_t kBarrierUsec = 5'000'000;

[[noreturn]] void run(const char* name_text) {
  const auto name = model::ContainerName::parse(name_text);
  const auto directory = os::Dir::open(layout::container(name.str()));
  const auto record = model::ContainerRecord::from_text(directory.read(layout::kRecord, kLongestRecord),
                                                        "record of container '" + name.str() + "'");
  auto root = machine::mount_root(record);
  machine::check_init(root.directory);
  nspawn::Start start = {.directory = root.directory, .registers = access(kSystemBus, F_OK) == 0};
  if (root.range) start.uid_base = root.range->base;
  const auto command = nspawn::command_of(record, start);
  std::vector<char*> argv;
  for (const auto& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  throw_errno("running " + command.front());
}

// The sentence goes to the journal, and to PID 1 where the worker that waits finds it.
int fail(const std::string& message) {
  static_cast<void>(std::fprintf(stderr, "%s\n", message.c_str()));
  sd_notify(0, ("STATUS=" + message.substr(0, message.find('\n'))).c_str());
  sd_notify_barrier(0, kBarrierUsec);  // else PID 1 might hear of our end first
  return EXIT_FAILURE;
}

}  // namespace

}  // namespace sdme

int main(int argc, char** argv) {
  if (argc != 2) return sdme::fail("usage: sdme-init NAME");
  try {
    sdme::run(argv[1]);
  } catch (const sdme::Error& error) {
    return sdme::fail(error.message());
  }
}
