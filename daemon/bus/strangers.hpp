// SPDX-License-Identifier: MIT
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include <memory>
#include <vector>

#include "os/closer.hpp"
#include "os/unique_fd.hpp"

namespace sdme::bus {

class Strangers;

// Second references to what a call brought: as long as they are there, no close of the first ones is the last.
class Brought {
 public:
  Brought(Strangers& strangers, std::vector<os::UniqueFd> fds) : strangers_(strangers), fds_(std::move(fds)) {}
  ~Brought();
  Brought(const Brought&) = delete;
  Brought& operator=(const Brought&) = delete;

  // The caller was let in, and may expect that what it gave us is closed as soon as we are done with it.
  void let_in() { fds_.clear(); }

 private:
  Strangers& strangers_;
  std::vector<os::UniqueFd> fds_;
};

// Descriptors that come over a bus before anyone was asked about the caller. A call that was refused is forgotten first,
// and then the rest of what it brought is closed where only a thread waits for it.
class Strangers {
 public:
  explicit Strangers(sd_event* loop);
  ~Strangers();
  Strangers(const Strangers&) = delete;
  Strangers& operator=(const Strangers&) = delete;

  // Looks at each message that comes. Must outlive the connection.
  void watch(sd_bus* bus);
  // What the message that is being handled brought; empty for most.
  std::shared_ptr<Brought> brought() const { return brought_; }
  // A connection whose queue may hold some.
  void close(os::UniqueFd socket) { closer_.close(std::move(socket)); }

 private:
  friend class Brought;
  void arrived(sd_bus_message* message);
  void close_later(std::vector<os::UniqueFd> fds);
  void close_now();

  sd_event* loop_;
  sd_event_source* later_ = nullptr;
  std::shared_ptr<Brought> brought_;
  std::vector<os::UniqueFd> left_;
  os::Closer closer_;
};

}  // namespace sdme::bus
