// SPDX-License-Identifier: MIT
#include "bus/peers.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-id128.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/log.hpp"
#include "bus/manager_object.hpp"
#include "bus/passing.hpp"
#include "bus/pump.hpp"

namespace sdme::bus {

namespace {

constexpr std::uint64_t kHandshakeUsec = 10'000'000;
constexpr std::size_t kMostPeers = 512;  // of all users, who may be as many as their subordinate ids
constexpr std::uint64_t kAcceptUsec = 100'000;
constexpr unsigned kAcceptBurst = 64;  // in that time: one who cannot be accepted must not spin the loop

// Only of root: closing a stranger's descriptor can block us all, and is not ours to choose when it may.
bool takes_descriptors(std::uint32_t uid) { return uid == 0; }

constexpr std::array<std::string_view, 2> kAnswerWithDescriptors = {"OpenShell", "OpenLog"};

// Answers the calls that need descriptors for those who cannot pass them.
int refuse_call(sd_bus_message* message, void*, sd_bus_error* error) {
  const char* member = sd_bus_message_get_member(message);
  const std::string_view takes = sd_bus_message_get_signature(message, 1);
  const std::string_view name = member == nullptr ? "" : member;
  const bool answers = std::ranges::find(kAnswerWithDescriptors, name) != kAnswerWithDescriptors.end();
  if (sd_bus_message_is_method_call(message, nullptr, nullptr) <= 0 || (!answers && !takes.contains('h'))) return 0;
  return sd_bus_error_set(error, row(Errc::kNotSupported).bus_name.data(),
                          "only root can pass file descriptors over this socket; use the system bus for this");
}

Caller caller_of(const os::UniqueFd& socket, std::uint64_t id) {
  ucred who = {};
  socklen_t size = sizeof who;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) < 0) throw_errno("asking who a peer is");
  int pidfd = -1;
  size = sizeof pidfd;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) < 0) throw_errno("asking for a peer's pidfd");
  return {.uid = who.uid, .id = "peer-" + std::to_string(id), .pidfd = std::make_shared<const os::UniqueFd>(pidfd)};
}

// A server's end of a connection that is still to authenticate. Strangers send no descriptors: what comes nevertheless,
// on a kernel that does not refuse it, libsystemd closes, and ends the connection.
sd_bus* new_server_bus(os::UniqueFd socket, std::uint32_t uid) {
  sd_bus* bus = nullptr;
  sd_id128_t id = SD_ID128_NULL;
  int result = sd_bus_new(&bus);
  if (result >= 0) result = sd_id128_randomize(&id);
  if (result >= 0) result = sd_bus_set_server(bus, 1, id);
  if (result >= 0) result = sd_bus_negotiate_fds(bus, takes_descriptors(uid) ? 1 : 0);
  if (result >= 0) result = sd_bus_set_fd(bus, socket.get(), socket.get());
  if (result >= 0) static_cast<void>(socket.release());
  if (result >= 0) result = sd_bus_start(bus);
  if (result < 0) {
    sd_bus_close_unref(bus);
    throw Error::from_errno(-result, "serving a peer");
  }
  return bus;
}

}  // namespace

// One connection. Until it has authenticated it is a bare sd_bus that we step ourselves: sdbus-c++
// would wait for it, and with it everybody.
class Peer {
 public:
  Peer(sd_event* loop, Context& context, os::UniqueFd socket, Caller caller, std::function<void()> gone)
      : loop_(loop),
        context_(context),
        caller_(std::move(caller)),
        gone_(std::move(gone)),
        early_(new_server_bus(std::move(socket), caller_.uid)) {
    const auto on_io = [](sd_event_source*, int, std::uint32_t, void* self) {
      static_cast<Peer*>(self)->step_or_leave();
      return 0;
    };
    const auto on_late = [](sd_event_source*, std::uint64_t, void* self) {
      auto leave = std::move(static_cast<Peer*>(self)->gone_);  // it may destroy the peer
      leave();
      return 0;
    };
    sd_event_add_io(loop_, &io_, sd_bus_get_fd(early_), EPOLLIN, on_io, this);
    follow_events();  // a quick client's half of the handshake may have been read already
    sd_event_add_time_relative(loop_, &deadline_, CLOCK_MONOTONIC, kHandshakeUsec, 0, on_late, this);
  }
  ~Peer() {
    end_handshake();
    context_.presence.gone(caller_.id);
    manager_.reset();
    pump_.reset();
    sd_bus_close_unref(early_);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  std::uint32_t uid() const { return caller_.uid; }

 private:
  void end_handshake() {
    io_ = sd_event_source_disable_unref(io_);
    deadline_ = sd_event_source_disable_unref(deadline_);
  }

  // What it waits for next: to be told something, or to answer.
  void follow_events() {
    const int events = sd_bus_get_events(early_);
    sd_event_source_set_io_events(io_, static_cast<std::uint32_t>(std::max(events, 0)));
  }

  void step_or_leave() {
    try {
      step();
    } catch (const std::exception& error) {
      log::warning(std::string("a peer could not be served: ") + error.what());
      auto leave = std::move(gone_);
      leave();
    }
  }

  // One step at a time: the first message must meet the object, not the bare connection.
  void step() {
    int result = 1;
    while (result > 0 && sd_bus_is_ready(early_) == 0) result = sd_bus_process(early_, nullptr);
    if (sd_bus_is_ready(early_) > 0) return serve();
    if (result >= 0 && sd_bus_is_open(early_) > 0) return follow_events();
    auto leave = std::move(gone_);
    leave();
  }

  void serve() {
    end_handshake();
    if (!takes_descriptors(caller_.uid)) sd_bus_add_filter(early_, nullptr, refuse_call, nullptr);
    connection_ = sdbus::createBusConnection(std::exchange(early_, nullptr));
    manager_ = std::make_unique<ManagerObject>(*connection_, context_, caller_);
    pump_ = std::make_unique<Pump>(loop_, *connection_, gone_);
    pump_->drain();
  }

  sd_event* loop_;
  Context& context_;
  Caller caller_;
  std::function<void()> gone_;
  sd_bus* early_;
  sd_event_source* io_ = nullptr;
  sd_event_source* deadline_ = nullptr;
  std::unique_ptr<sdbus::IConnection> connection_;
  std::unique_ptr<ManagerObject> manager_;
  std::unique_ptr<Pump> pump_;
};

Peers::Peers(sd_event* loop, Context& context, os::UniqueFd listening)
    : loop_(loop), context_(context), listening_(std::move(listening)) {
  const auto on_connection = [](sd_event_source*, int, std::uint32_t, void* self) {
    static_cast<Peers*>(self)->accept_one();
    return 0;
  };
  refuse_descriptors(listening_.get());  // systemd made it; earlier connections are looked at one by one
  if (sd_event_add_io(loop_, &source_, listening_.get(), EPOLLIN, on_connection, this) < 0) {
    throw Error(Errc::kInternal, "cannot watch the socket of peers");
  }
  sd_event_source_set_ratelimit(source_, kAcceptUsec, kAcceptBurst);
}

Peers::~Peers() { sd_event_source_disable_unref(source_); }

bool Peers::too_many(std::uint32_t uid) const {
  const auto own = std::ranges::count_if(peers_, [uid](const auto& entry) { return entry.second->uid() == uid; });
  const bool all = peers_.size() >= kMostPeers;
  return uid != 0 && (all || static_cast<std::uint64_t>(own) >= context_.settings.peers_per_user);
}

void Peers::accept_one() {
  os::UniqueFd socket(accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) return;  // it left before we came
  try {
    const auto id = ++last_id_;
    auto caller = caller_of(socket, id);
    if (takes_descriptors(caller.uid)) {
      take_descriptors(socket.get());
    } else if (may_hold_descriptors(socket.get())) {
      log::warning("a peer sent file descriptors before it was served; refused",
                   {{log::field::kCallerUid, std::to_string(caller.uid)}});
      return context_.strangers.close(std::move(socket));
    }
    if (too_many(caller.uid)) {
      return log::warning("uid " + std::to_string(caller.uid) +
                              " has PeersPerUser= connections already, or all have too many; one more refused",
                          {{log::field::kCallerUid, std::to_string(caller.uid)}});
    }
    peers_[id] =
        std::make_unique<Peer>(loop_, context_, std::move(socket), std::move(caller), [this, id] { peers_.erase(id); });
  } catch (const std::exception& error) {
    log::warning(std::string("a peer could not be served: ") + error.what());
  }
}

}  // namespace sdme::bus
