// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <cstddef>
#include <string>

#include "base/error.hpp"
#include "base/log.hpp"

namespace sdme::bus {

inline sdbus::Error to_bus(const Error& error) {
  return sdbus::Error(sdbus::Error::Name{std::string(row(error.code()).bus_name)}, error.message());
}

// The answer that a call waits for: given exactly once, and if nobody gives it, the caller hears
// that rather than waiting for ever. Counts itself, so that the daemon knows when it is idle.
template <typename... Values>
class Reply {
 public:
  Reply(sdbus::Result<Values...>&& result, std::size_t& open) : result_(std::move(result)), open_(open) { ++open_; }
  ~Reply() {
    if (!sent_) fail(Error(Errc::kInternal, "the request was dropped without an answer"));
    --open_;
  }
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  void send(const Values&... values) {
    answer([&] { result_.returnResults(values...); });
  }
  void fail(const Error& error) {
    answer([&] { result_.returnError(to_bus(error)); });
  }

 private:
  template <typename Give>
  void answer(Give&& give) {
    if (sent_) return;
    sent_ = true;
    try {
      give();
    } catch (const sdbus::Error& error) {
      log::debug("an answer could not be sent: " + error.getMessage());  // the caller is gone
    }
  }

  sdbus::Result<Values...> result_;
  std::size_t& open_;
  bool sent_ = false;
};

// Runs a part of a request; whatever it throws becomes the answer. The only place where the bus
// room catches.
template <typename Answer, typename Work>
void guard(Answer& reply, Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    reply.fail(error);
  } catch (const std::bad_alloc&) {
    reply.fail(Error(Errc::kLimitExceeded, "the request needs more memory than there is"));
  } catch (const std::exception& error) {
    log::error(std::string("unexpected: ") + error.what());
    reply.fail(Error(Errc::kInternal, "an internal fault; the journal of sdmed.service says more"));
  }
}

}  // namespace sdme::bus
