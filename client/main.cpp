// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sdbus-c++/Error.h>
#include <unistd.h>

#include <clocale>
#include <csignal>

#include "client.hpp"
#include "command_line.hpp"

namespace sdme::client {

namespace {

// A descriptor that was closed before us would be taken by something of ours, and read or written by mistake.
void open_standard_descriptors() {
  for (int fd = ::open("/dev/null", O_RDWR); fd >= 0; fd = ::open("/dev/null", O_RDWR)) {
    if (fd <= STDERR_FILENO) continue;
    ::close(fd);
    return;
  }
}

int run(const CommandLine& line) {
  Client client(line.globals());
  try {
    return line.request().run(client);
  } catch (const Interrupted& interrupted) {
    return interrupted.exit_status();
  } catch (const Failure& failure) {
    client.out.say(failure);
    return failure.exit_status;
  } catch (const sdbus::Error& error) {
    const auto failure = failure_of(error);
    client.out.say(failure);
    return failure.exit_status;
  }
}

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "");
  ::signal(SIGPIPE, SIG_IGN);
  open_standard_descriptors();
  CommandLine line;
  try {
    line.parse({argv + 1, argv + argc});
  } catch (const CLI::ParseError& error) {
    return line.explain(error);
  }
  return run(line);
}

}  // namespace

}  // namespace sdme::client

int main(int argc, char** argv) { return sdme::client::main(argc, argv); }
