// SPDX-License-Identifier: MIT
#include "proxy/serve.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "proxy/tcp_port.hpp"
#include "proxy/udp_port.hpp"

namespace sdme::proxy {

namespace {

constexpr std::size_t kMostFlows = 1024;
constexpr std::size_t kOtherDescriptors = 16;
constexpr std::size_t kOfPair = 6;  // two sockets, and a pipe each way when both readers are slow

enum class Kind { kTcp, kUdp };

int family_of(int socket) {
  int family = 0;
  socklen_t size = sizeof family;
  if (getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0) throw_errno("looking at a socket");
  return family;
}

Kind kind_of(int socket) {
  const auto is = [socket](int type, int listening) {
    return sd_is_socket_inet(socket, AF_UNSPEC, type, listening, 0) > 0;
  };
  if (is(SOCK_STREAM, 1)) return Kind::kTcp;
  if (is(SOCK_DGRAM, -1)) return Kind::kUdp;
  throw Error(Errc::kInvalidArgument,
              "descriptor " + std::to_string(socket) + " is neither a listening socket of TCP nor one of UDP");
}

void unblock(int socket) {
  const int flags = fcntl(socket, F_GETFL);
  if (flags < 0 || fcntl(socket, F_SETFL, flags | O_NONBLOCK) < 0) throw_errno("preparing a socket");
}

// How many descriptors there may be: as many as we can get.
std::size_t descriptors() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) throw_errno("asking for the limit of descriptors");
  const rlimit all = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &all) == 0 ? all.rlim_cur : limit.rlim_cur;
}

struct Limits {
  std::size_t pairs;
  std::size_t flows;
};

// So that no connection that was accepted lacks a descriptor later.
Limits limits_of(const Arguments& arguments, std::size_t sockets, bool udp) {
  const auto all = descriptors();
  const auto taken = kOtherDescriptors + sockets;
  const auto free = all > taken ? all - taken : 0;
  const auto flows = udp ? std::clamp<std::size_t>(free / 4, 1, kMostFlows) : 0;
  return {.pairs = std::clamp<std::size_t>((free - std::min(free, flows)) / kOfPair, 1, arguments.max_connections),
          .flows = flows};
}

}  // namespace

void serve(const Arguments& arguments, std::vector<os::UniqueFd> sockets) {
  if (sockets.empty()) {
    throw Error(Errc::kInvalidArgument, "no sockets were passed: it is started by a socket unit, systemd.socket(5)");
  }
  std::vector<Kind> kinds;
  for (const auto& socket : sockets) kinds.push_back(kind_of(socket.get()));
  const auto limits = limits_of(arguments, sockets.size(), std::ranges::contains(kinds, Kind::kUdp));
  Loop loop;
  Load load(loop, arguments.idle);
  TcpPort tcp(loop, load, arguments.guest, limits.pairs);
  UdpPort udp(loop, load, arguments.guest, limits.flows, arguments.flow_idle);
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    unblock(sockets[i].get());
    if (kinds[i] == Kind::kTcp) {
      tcp.add(std::move(sockets[i]));
    } else {
      const int family = family_of(sockets[i].get());
      udp.add(std::move(sockets[i]), family);
    }
  }
  loop.run();
}

}  // namespace sdme::proxy
