// SPDX-License-Identifier: MIT
#include "proxy/pair.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"

namespace sdme::proxy {

namespace {

int pending_error(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return errno;
  return error;
}

}  // namespace

void reset_on_close(int socket) {
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

Pair::Pair(Loop& loop, PipePool& pool, os::UniqueFd client, os::UniqueFd guest, Ended ended)
    : ended_(std::move(ended)),
      client_(loop, std::move(client), [this](std::uint32_t events) { heard(client_, events); }),
      guest_(loop, std::move(guest), [this](std::uint32_t events) { heard(guest_, events); }),
      up_(pool),
      down_(pool) {}

void Pair::connect(const Address& guest) {
  try {
    if (::connect(guest_.fd(), guest.get(), guest.size()) == 0) return connected();
    if (errno != EINPROGRESS) return end(End::kReset);
    client_.listen(0);  // it may give up meanwhile
    guest_.listen(EPOLLOUT);
  } catch (const Error&) {
    end(End::kReset);  // the kernel watches no more sockets
  }
}

void Pair::heard(Watch& side, std::uint32_t events) {
  if (state_ == State::kOver) return;  // in this very turn
  try {
    if (state_ == State::kOpen) return moved(side, events);
    if (pending_error(side.fd()) != 0) return end(End::kReset);
    if (&side == &guest_) connected();
  } catch (const Error&) {
    end(End::kReset);
  }
}

// The client has often said something by now.
void Pair::connected() {
  state_ = State::kOpen;
  if (!move(up_)) return broken();
  listen();
}

void Pair::moved(Watch& side, std::uint32_t events) {
  if ((events & EPOLLERR) != 0) return broken();
  if ((events & (EPOLLIN | EPOLLHUP)) != 0 && !move(out_of(side))) return broken();
  if ((events & EPOLLOUT) != 0 && !move(into(side))) return broken();
  if (up_.ended() && down_.ended()) return end(End::kFinished);
  listen();
}

// What a peer sent before it reset the connection is worth delivering: a server that answers and closes
// without having read all that it was sent does that.
void Pair::broken() {
  up_.salvage(client_.fd(), guest_.fd());
  down_.salvage(guest_.fd(), client_.fd());
  end(End::kReset);
}

bool Pair::move(Half& half) {
  return &half == &up_ ? half.move(client_.fd(), guest_.fd()) : half.move(guest_.fd(), client_.fd());
}

void Pair::listen() {
  const auto wanted = [](const Half& out, const Half& in) -> std::uint32_t {
    return (out.wants_read() ? EPOLLIN : 0U) | (in.wants_write() ? EPOLLOUT : 0U);
  };
  client_.listen(wanted(up_, down_));
  guest_.listen(wanted(down_, up_));
}

void Pair::end(End how) {
  state_ = State::kOver;
  for (auto* side : {&client_, &guest_}) {
    if (how == End::kReset) reset_on_close(side->fd());
    side->close();
  }
  up_.drop();
  down_.drop();
  ended_(*this);
}

}  // namespace sdme::proxy
