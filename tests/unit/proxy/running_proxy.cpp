// SPDX-License-Identifier: MIT
#include "proxy/running_proxy.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/text.hpp"
#include "os/file.hpp"
#include "proxy/address.hpp"
#include "support/temp_dir.hpp"

namespace sdme::proxy {

namespace {

constexpr timeval kPatience = {.tv_sec = 30, .tv_usec = 0};
constexpr int kFirstPassed = 3;

void need(bool done, const char* what) {
  if (!done) throw std::system_error(errno, std::generic_category(), what);
}

int family_of(const std::string& host) { return host.contains(':') ? AF_INET6 : AF_INET; }

// Between fork and exec: the sockets get the numbers 3 and up, as sd_listen_fds(3) wants them.
[[noreturn]] void become_proxy(const std::vector<int>& sockets, int said, std::vector<std::string> words, rlim_t most) {
  dup2(said, STDERR_FILENO);
  std::vector<int> high;
  for (const int socket : sockets) high.push_back(fcntl(socket, F_DUPFD_CLOEXEC, 100));
  for (std::size_t i = 0; i < high.size(); ++i) dup2(high[i], kFirstPassed + static_cast<int>(i));
  close_range(static_cast<unsigned>(kFirstPassed) + static_cast<unsigned>(high.size()), ~0U, CLOSE_RANGE_CLOEXEC);
  if (!sockets.empty()) setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", std::to_string(sockets.size()).c_str(), 1);
  const rlimit limit = {.rlim_cur = most, .rlim_max = most};
  if (most != 0) setrlimit(RLIMIT_NOFILE, &limit);
  words.insert(words.begin(), PROXY);
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(PROXY, argv.data());
  _exit(127);
}

std::vector<std::string> with(std::vector<std::string> options, const std::string& host, const os::UniqueFd& guest) {
  options.insert(options.end(), {host, std::to_string(port_of(guest.get()))});
  return options;
}

std::uint16_t port_in(const sockaddr_storage& address) {
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

}  // namespace

os::UniqueFd make_socket(int family, int type) {
  os::UniqueFd made(socket(family, type | SOCK_CLOEXEC, 0));
  need(bool(made), "socket");
  setsockopt(made.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  setsockopt(made.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  return made;
}

os::UniqueFd bound(const std::string& host, int type, std::uint16_t port) {
  auto made = make_socket(family_of(host), type);
  const int on = 1;
  if (type == SOCK_STREAM) setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto address = Address::parse(host, port);
  need(bind(made.get(), address.get(), address.size()) == 0, "bind");
  need(type != SOCK_STREAM || listen(made.get(), SOMAXCONN) == 0, "listen");
  return made;
}

os::UniqueFd connected(const std::string& host, int type, std::uint16_t port) {
  auto made = make_socket(family_of(host), type);
  const auto address = Address::parse(host, port);
  need(connect(made.get(), address.get(), address.size()) == 0, "connect");
  return made;
}

std::uint16_t port_of(int socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  need(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  return port_in(address);
}

std::uint16_t peer_port_of(int socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  need(getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getpeername");
  return port_in(address);
}

os::UniqueFd accepted(int listening) {
  os::UniqueFd taken(accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
  need(bool(taken), "accept");
  setsockopt(taken.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  setsockopt(taken.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  return taken;
}

bool readable_now(int socket) {
  pollfd look = {.fd = socket, .events = POLLIN, .revents = 0};
  return poll(&look, 1, 0) == 1;
}

void send_text(int socket, const std::string& text) {
  std::size_t sent = 0;
  do {
    const auto count = send(socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    need(count >= 0, "send");
    sent += static_cast<std::size_t>(count);
  } while (sent < text.size());
}

std::string receive_text(int socket, std::size_t size) {
  std::string text(size, '\0');
  const auto count = recv(socket, text.data(), size, MSG_WAITALL);
  need(count >= 0, "recv");
  text.resize(static_cast<std::size_t>(count));
  return text;
}

std::string receive_to_end(int socket) {
  std::string text;
  std::array<char, 65536> block = {};
  while (true) {
    const auto count = recv(socket, block.data(), block.size(), 0);
    need(count >= 0, "recv");
    if (count == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
}

int error_of_receive(int socket) {
  char byte = 0;
  const auto count = recv(socket, &byte, 1, 0);
  return count < 0 ? errno : count == 0 ? 0 : -1;
}

void reset(os::UniqueFd socket) {
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

RunningProxy::RunningProxy(const std::vector<const os::UniqueFd*>& sockets, const std::vector<std::string>& arguments,
                           rlim_t descriptors) {
  std::array<int, 2> said = {};
  need(pipe2(said.data(), O_CLOEXEC) == 0, "pipe");
  said_ = os::UniqueFd(said[0]);
  const os::UniqueFd says(said[1]);
  std::vector<int> numbers;
  for (const auto* socket : sockets) numbers.push_back(socket->get());
  pid_ = fork();
  need(pid_ >= 0, "fork");
  if (pid_ == 0) become_proxy(numbers, says.get(), arguments, descriptors);
}

RunningProxy::~RunningProxy() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

RunningProxy::Ended RunningProxy::wait() {
  Ended ended = {.status = -1, .said = os::read_all(said_.get(), 65536, "what it said")};
  need(waitpid(pid_, &ended.status, 0) == pid_, "waitpid");
  pid_ = -1;
  return ended;
}

std::vector<int> RunningProxy::socket_numbers() const {
  std::vector<int> numbers;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/fd")) {
    const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (target.starts_with("socket:"))
      numbers.push_back(static_cast<int>(text::to_unsigned(entry.path().filename().string()).value_or(0)));
  }
  return numbers;
}

std::size_t RunningProxy::sockets() const { return socket_numbers().size(); }

void RunningProxy::wait_for_sockets(std::size_t count) const {
  for (int tries = 0; sockets() != count && tries < 3000; ++tries) poll(nullptr, 0, 10);
  EXPECT_EQ(sockets(), count);
}

std::vector<os::UniqueFd> RunningProxy::copies_of_sockets() const {
  const os::UniqueFd handle(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  std::vector<os::UniqueFd> copies;
  for (const int number : socket_numbers()) {
    copies.emplace_back(static_cast<int>(syscall(SYS_pidfd_getfd, handle.get(), number, 0)));
    need(bool(copies.back()), "pidfd_getfd");
  }
  return copies;
}

long RunningProxy::ticks() const {
  const auto stat = test::content("/proc/" + std::to_string(pid_) + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return user + system;
}

Published::Published(int a_type, const std::vector<std::string>& options, const std::string& a_host,
                     const std::string& guest_host)
    : type(a_type),
      host(a_host),
      port(bound(host, type)),
      guest(bound(guest_host, type)),
      proxy({&port}, with(options, guest_host, guest)) {}

}  // namespace sdme::proxy
