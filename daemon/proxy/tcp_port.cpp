// SPDX-License-Identifier: MIT
#include "proxy/tcp_port.hpp"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/error.hpp"

namespace sdme::proxy {

namespace {

constexpr int kMostAccepts = 64;  // in one turn
constexpr std::chrono::seconds kRetry{1};

struct Option {
  int level;
  int name;
  int value;
};

// What is small is sent at once; a peer that vanished is noticed after ten minutes; urgent bytes stay where they
// are among the others.
constexpr std::array kOptions = {
    Option{IPPROTO_TCP, TCP_NODELAY, 1},    Option{SOL_SOCKET, SO_OOBINLINE, 1},    Option{SOL_SOCKET, SO_KEEPALIVE, 1},
    Option{IPPROTO_TCP, TCP_KEEPIDLE, 300}, Option{IPPROTO_TCP, TCP_KEEPINTVL, 60}, Option{IPPROTO_TCP, TCP_KEEPCNT, 5},
};
// A guest that does not answer is given up after half a minute.
constexpr Option kTries = {IPPROTO_TCP, TCP_SYNCNT, 5};

void set(int socket, const Option& option) {
  setsockopt(socket, option.level, option.name, &option.value, sizeof option.value);
}

// None of them is worth a connection. To have them inherited from the listening socket is not enough: who
// starts us was accepted by the kernel before.
void prepare(int socket) {
  for (const auto& option : kOptions) set(socket, option);
}

os::UniqueFd socket_to(const Address& guest) {
  os::UniqueFd made(socket(guest.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!made) return made;
  prepare(made.get());
  set(made.get(), kTries);
  return made;
}

bool system_is_short() { return errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM; }

bool socket_is_useless() { return errno == EBADF || errno == EINVAL || errno == ENOTSOCK || errno == EFAULT; }

}  // namespace

void TcpPort::add(os::UniqueFd listening) {
  const int fd = listening.get();
  const auto ready = [this, fd](std::uint32_t) { accept_some(fd); };
  listening_.push_back(std::make_unique<Watch>(loop_, std::move(listening), ready));
  listening_.back()->listen(EPOLLIN);
}

void TcpPort::accept_some(int listening) {
  for (int i = 0; i < kMostAccepts && !paused_; ++i) {
    switch (accept_one(listening)) {
      case Accepted::kOne:
        if (pairs_.size() >= most_) pause();
        break;
      case Accepted::kNone:
        return;
      case Accepted::kNotNow:
        pause();
        retry_.arm(kRetry);
        return;
    }
  }
}

TcpPort::Accepted TcpPort::accept_one(int listening) {
  os::UniqueFd client(accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!client) {
    if (errno == EAGAIN) return Accepted::kNone;
    if (system_is_short()) return Accepted::kNotNow;
    if (socket_is_useless()) throw_errno("accepting a connection");
    return Accepted::kOne;  // it failed before it was taken, accept(2)
  }
  auto guest = socket_to(guest_);
  if (!guest) {
    const auto result = system_is_short() ? Accepted::kNotNow : Accepted::kOne;
    reset_on_close(client.get());
    return result;
  }
  prepare(client.get());
  open(std::move(client), std::move(guest));
  return Accepted::kOne;
}

void TcpPort::open(os::UniqueFd client, os::UniqueFd guest) {
  const auto pair =
      std::make_shared<Pair>(loop_, pool_, std::move(client), std::move(guest), [this](Pair& over) { ended(over); });
  pairs_.emplace(pair.get(), pair);
  load_.add();
  pair->connect(guest_);
}

void TcpPort::ended(Pair& pair) {
  const auto found = pairs_.extract(&pair);
  loop_.bury(found.mapped());
  load_.remove();
  if (paused_) resume();
}

void TcpPort::pause() {
  paused_ = true;
  for (const auto& listening : listening_) listening->listen(0);
}

void TcpPort::resume() {
  retry_.disarm();
  paused_ = false;
  for (const auto& listening : listening_) listening->listen(EPOLLIN);
}

}  // namespace sdme::proxy
