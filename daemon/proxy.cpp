// SPDX-License-Identifier: MIT
#include <systemd/sd-daemon.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/error.hpp"
#include "proxy/serve.hpp"

// sdme-proxy ADDRESS PORT: the process of a published port. A socket unit listens and starts it with the
// sockets; when nobody has used them for a while, it ends. SIGTERM ends it at once, as it does anyone.
namespace {

std::vector<sdme::os::UniqueFd> passed_sockets() {
  const int count = sd_listen_fds(1);
  if (count < 0) throw sdme::Error::from_errno(-count, "taking the sockets");
  std::vector<sdme::os::UniqueFd> sockets;
  for (int i = 0; i < count; ++i) sockets.emplace_back(SD_LISTEN_FDS_START + i);
  return sockets;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const auto arguments = sdme::proxy::Arguments::parse({argv + 1, argv + argc});
    sdme::proxy::serve(arguments, passed_sockets());
  } catch (const sdme::Error& error) {
    static_cast<void>(std::fprintf(stderr, "%s\n", error.message().c_str()));
    return sdme::row(error.code()).exit_status;
  }
  sd_notify(0, "STOPPING=1");
  return EXIT_SUCCESS;
}
