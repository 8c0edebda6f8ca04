// SPDX-License-Identifier: MIT
#include "proxy/udp_port.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <optional>

#include "base/error.hpp"

namespace sdme::proxy {

struct UdpPort::Flow {
  Key client;  // and the socket it came by
  int reply_by;
  std::optional<Watch> guest;
  Loop::Clock::time_point used;
  Flows::iterator place;
  bool over = false;
};

UdpPort::UdpPort(Loop& loop, Load& load, const Address& guest, std::size_t most, Loop::Clock::duration flow_idle)
    : loop_(loop), load_(load), guest_(guest), most_(most), flow_idle_(flow_idle), timer_(loop, [this] {
        end_idle();
      }) {}

void UdpPort::add(os::UniqueFd socket, int family) {
  Origin::want(socket.get(), family);
  const auto place = sockets_.size();
  const auto ready = [this, place](std::uint32_t) { take(*sockets_[place]); };
  sockets_.push_back(std::make_unique<Watch>(loop_, std::move(socket), ready));
  sockets_.back()->listen(EPOLLIN);
}

// Neighbours of one client are sent together.
void UdpPort::take(Watch& socket) {
  datagrams_.receive(socket.fd());
  for (std::size_t first = 0; first < datagrams_.count();) {
    const auto origin = datagrams_.origin(first);
    auto last = first + 1;
    while (last < datagrams_.count() && datagrams_.origin(last) == origin) ++last;
    auto* flow = flow_of({&socket, origin});
    if (flow != nullptr && datagrams_.send(flow->guest->fd(), first, last) == Datagrams::Result::kRefused) end(*flow);
    first = last;
  }
}

UdpPort::Flow* UdpPort::flow_of(const Key& key) {
  const auto found = by_client_.find(key);
  if (found == by_client_.end()) return open(key);
  touch(*found->second);
  return found->second;
}

// None while the system has no descriptor or no way to the guest: the datagram is lost.
UdpPort::Flow* UdpPort::open(const Key& key) {
  os::UniqueFd made(socket(guest_.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!made || connect(made.get(), guest_.get(), guest_.size()) < 0) return nullptr;
  if (flows_.size() >= most_) end(*flows_.front());
  const auto flow = std::make_shared<Flow>(key, key.first->fd());
  flow->guest.emplace(loop_, std::move(made), [this, raw = flow.get()](std::uint32_t) { reply(*raw); });
  try {
    flow->guest->listen(EPOLLIN);
  } catch (const Error&) {
    return nullptr;  // the kernel watches no more sockets
  }
  flow->place = flows_.insert(flows_.end(), flow);
  by_client_.emplace(key, flow.get());
  load_.add();
  if (flows_.size() == 1) timer_.arm(flow_idle_);
  touch(*flow);
  return flow.get();
}

void UdpPort::reply(Flow& flow) {
  if (flow.over) return;  // in this very turn
  if (datagrams_.receive(flow.guest->fd()) == Datagrams::Result::kRefused) return end(flow);
  if (datagrams_.count() == 0) return;
  touch(flow);
  datagrams_.send_reply(flow.reply_by, flow.client.second);
}

void UdpPort::touch(Flow& flow) {
  flow.used = loop_.now();
  flows_.splice(flows_.end(), flows_, flow.place);
}

void UdpPort::end(Flow& flow) {
  flow.over = true;
  flow.guest->close();
  by_client_.erase(flow.client);
  loop_.bury(*flow.place);
  flows_.erase(flow.place);
  load_.remove();
  if (flows_.empty()) timer_.disarm();
}

void UdpPort::end_idle() {
  while (!flows_.empty() && flows_.front()->used + flow_idle_ <= loop_.now()) end(*flows_.front());
  if (!flows_.empty()) timer_.arm(flows_.front()->used + flow_idle_ - loop_.now());
}

}  // namespace sdme::proxy
