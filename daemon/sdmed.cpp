// SPDX-License-Identifier: MIT
#include <systemd/sd-event.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "base/log.hpp"
#include "bus/daemon.hpp"
#include "version.hpp"

namespace {

struct EventUnref {
  void operator()(sd_event* loop) const { sd_event_unref(loop); }
};

int serve() {
  sd_event* raw = nullptr;
  if (sd_event_default(&raw) < 0) return EXIT_FAILURE;
  const std::unique_ptr<sd_event, EventUnref> loop(raw);
  return sdme::bus::Daemon(loop.get()).run();
}

}  // namespace

int main(int argc, char* argv[]) {
  if (argc > 1) {
    const bool version = std::string_view(argv[1]) == "--version";
    static_cast<void>(std::fprintf(version ? stdout : stderr,
                                   version ? "sdmed %s\n" : "sdmed takes no arguments; see sdmed(8)%s\n",
                                   version ? sdme::kVersion : ""));
    return version ? EXIT_SUCCESS : 64;
  }
  if (geteuid() != 0) {
    static_cast<void>(std::fputs("sdmed must run as root; it is started by systemd when it is needed\n", stderr));
    return EXIT_FAILURE;
  }
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  try {
    return serve();
  } catch (const std::exception& error) {
    sdme::log::error(std::string("sdmed cannot serve: ") + error.what());
    return EXIT_FAILURE;
  }
}
