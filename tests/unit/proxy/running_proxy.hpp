// SPDX-License-Identifier: MIT
#pragma once

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "os/unique_fd.hpp"

namespace sdme::proxy {

// Sockets of tests on loopback: they wait half a minute for what never comes, then fail.
os::UniqueFd make_socket(int family, int type);
os::UniqueFd bound(const std::string& host, int type, std::uint16_t port = 0);  // listens, if of SOCK_STREAM
os::UniqueFd connected(const std::string& host, int type, std::uint16_t port);
std::uint16_t port_of(int socket);
std::uint16_t peer_port_of(int socket);
os::UniqueFd accepted(int listening);
bool readable_now(int socket);

void send_text(int socket, const std::string& text);
std::string receive_text(int socket, std::size_t size);  // exactly as much
std::string receive_to_end(int socket);
int error_of_receive(int socket);  // errno, 0 at the end, -1 for bytes
void reset(os::UniqueFd socket);

// The program itself, with sockets as systemd passes them.
class RunningProxy {
 public:
  struct Ended {
    int status;  // of waitpid(2)
    std::string said;
  };

  RunningProxy(const std::vector<const os::UniqueFd*>& sockets, const std::vector<std::string>& arguments,
               rlim_t descriptors = 0);
  ~RunningProxy();
  RunningProxy(const RunningProxy&) = delete;
  RunningProxy& operator=(const RunningProxy&) = delete;

  pid_t pid() const { return pid_; }
  Ended wait();
  std::size_t sockets() const;     // that it has open
  void wait_for_sockets(std::size_t count) const;
  std::vector<os::UniqueFd> copies_of_sockets() const;
  long ticks() const;  // of CPU time

 private:
  std::vector<int> socket_numbers() const;

  pid_t pid_ = -1;
  os::UniqueFd said_;
};

// Between clients and one guest on loopback.
struct Published {
  explicit Published(int type, const std::vector<std::string>& options = {}, const std::string& host = "127.0.0.1",
                     const std::string& guest_host = "127.0.0.1");

  os::UniqueFd client() const { return connected(host, type, port_of(port.get())); }

  int type;
  std::string host;
  os::UniqueFd port;
  os::UniqueFd guest;
  RunningProxy proxy;
};

// Both ends of a connection through it.
struct Ends {
  explicit Ends(const Published& published) : client(published.client()), guest(accepted(published.guest.get())) {}

  os::UniqueFd client;
  os::UniqueFd guest;
};

}  // namespace sdme::proxy
