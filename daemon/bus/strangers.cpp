// SPDX-License-Identifier: MIT
#include "bus/strangers.hpp"

#include <fcntl.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"

namespace sdme::bus {

namespace {

constexpr std::size_t kMostWaiting = 2048;  // of descriptors whose close waits for somebody

bool may_hold_fds(std::string_view signature) { return signature.find_first_of("hv") != std::string_view::npos; }

// Goes through what is left of the container it stands in; false when it cannot be read.
bool collect(sd_bus_message* message, std::vector<os::UniqueFd>& fds) {
  char type = 0;
  const char* contents = nullptr;
  int found = 0;
  while ((found = sd_bus_message_peek_type(message, &type, &contents)) > 0) {
    const bool container = contents != nullptr;
    if (type == SD_BUS_TYPE_UNIX_FD) {
      int fd = -1;
      if (sd_bus_message_read_basic(message, type, &fd) < 0) return false;
      fds.emplace_back(fcntl(fd, F_DUPFD_CLOEXEC, 3));
    } else if (container && (type != SD_BUS_TYPE_ARRAY || may_hold_fds(contents))) {
      if (sd_bus_message_enter_container(message, type, contents) < 0) return false;
      if (!collect(message, fds) || sd_bus_message_exit_container(message) < 0) return false;
    } else if (sd_bus_message_skip(
                   message, container ? (std::string(1, type) + contents).c_str() : std::string(1, type).c_str()) < 0) {
      return false;
    }
  }
  return found == 0;
}

}  // namespace

Brought::~Brought() {
  if (!fds_.empty()) strangers_.close_later(std::move(fds_));
}

Strangers::Strangers(sd_event* loop) : loop_(loop) {
  const auto on_later = [](sd_event_source*, void* self) {
    static_cast<Strangers*>(self)->close_now();
    return 0;
  };
  if (sd_event_add_defer(loop_, &later_, on_later, this) < 0) throw Error(Errc::kInternal, "cannot defer closing");
  sd_event_source_set_enabled(later_, SD_EVENT_OFF);
}

Strangers::~Strangers() {
  brought_.reset();
  close_now();
  sd_event_source_disable_unref(later_);
}

void Strangers::watch(sd_bus* bus) {
  const auto on_message = [](sd_bus_message* message, void* self, sd_bus_error*) {
    static_cast<Strangers*>(self)->arrived(message);
    return 0;  // and on to whom it is for
  };
  const int result = sd_bus_add_filter(bus, nullptr, on_message, this);
  if (result < 0) throw Error::from_errno(-result, "watching a bus");
}

// C stands above it, so nothing may be thrown out of it.
void Strangers::arrived(sd_bus_message* message) {
  brought_.reset();
  const char* signature = sd_bus_message_get_signature(message, 1);
  if (signature == nullptr || !may_hold_fds(signature)) return;
  try {
    std::vector<os::UniqueFd> fds;
    collect(message, fds);
    sd_bus_message_rewind(message, 1);
    if (fds.empty()) return;
    brought_ = std::make_shared<Brought>(*this, std::move(fds));
    sd_event_source_set_enabled(later_, SD_EVENT_ONESHOT);
  } catch (const std::exception& error) {
    log::error(std::string("looking at a message: ") + error.what());
  }
}

// Not before the loop has come round: until then the message, or the request made of it, may still be there.
void Strangers::close_later(std::vector<os::UniqueFd> fds) {
  for (auto& fd : fds) left_.push_back(std::move(fd));
  sd_event_source_set_enabled(later_, SD_EVENT_ONESHOT);
}

// A thread that waits for so many is held up on purpose: a new daemon finds all jobs again, and has an empty table.
void Strangers::close_now() {
  for (auto& fd : std::exchange(left_, {})) closer_.close(std::move(fd));
  if (brought_) brought_.reset();  // a call that never became a request
  if (closer_.waiting() <= kMostWaiting) return;
  log::error("callers keep us from closing what they sent; the daemon begins anew");
  sd_event_exit(loop_, EXIT_FAILURE);
}

}  // namespace sdme::bus
