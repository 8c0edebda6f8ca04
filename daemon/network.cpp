// SPDX-License-Identifier: MIT
// sdme-network up|down INSTANCE: the network of sdme-network@INSTANCE.service, before and after dnsmasq(8).
// sdme-network left NAME: what is to be done when a container's unit has ended.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "network/bridge.hpp"
#include "network/link.hpp"

namespace {

int fail(const std::string& message) {
  static_cast<void>(std::fprintf(stderr, "%s\n", message.c_str()));
  return EXIT_FAILURE;
}

void run(std::string_view verb, const std::string& of) {
  if (verb == "up") {
    sdme::network::bring_up(of);
  } else if (verb == "down") {
    sdme::network::take_down(of);
  } else {
    auto pid1 = sdme::systemd::Pid1::of_host();
    sdme::network::disconnect(pid1, of);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc == 3 ? argv[1] : "";
  if (verb != "up" && verb != "down" && verb != "left") return fail("usage: sdme-network up|down|left NAME");
  try {
    run(verb, argv[2]);
    return EXIT_SUCCESS;
  } catch (const sdme::Error& error) {
    return fail(error.message());
  }
}
