// SPDX-License-Identifier: MIT
#include "polkit_agent.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace sdme::client {

std::unique_ptr<Child> open_polkit_agent(Loop& loop) {
  if (::geteuid() == 0) return nullptr;
  if (!Fd(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY))) return nullptr;

  // It talks on /dev/tty; our own output may be redirected and is not its business.
  auto [registered, notify] = make_pipe();
  auto agent = std::make_unique<Child>(std::vector<std::string>{"pkttyagent", "--notify-fd", "3", "--fallback"},
                                       Child::Descriptors{.fourth = notify.get()});
  notify.reset();
  bool answered = false;
  Loop::Watch watch(loop, registered.get(), [&](short) { answered = true; });
  watch.want(POLLIN);
  loop.run_until([&] { return answered; });
  return agent;
}

}  // namespace sdme::client
