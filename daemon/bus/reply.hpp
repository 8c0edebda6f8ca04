// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "bus/strangers.hpp"

namespace sdme::bus {

inline sdbus::Error to_bus(const Error& error) {
  return sdbus::Error(sdbus::Error::Name{std::string(row(error.code()).bus_name)}, error.message());
}

// The calls of one connection that wait for their answers. They end with it: sdbus-c++ lets no call outlive the
// connection that it came by.
class OpenCalls {
 public:
  void add(std::shared_ptr<void> call) { calls_.insert(std::move(call)); }
  void remove(const std::shared_ptr<void>& call) { calls_.erase(call); }

 private:
  std::set<std::shared_ptr<void>> calls_;
};

// The answer that a call waits for: given exactly once, and if nobody gives it, the caller hears
// that rather than waiting for ever. It may outlive the connection, and then it reaches nobody.
// Counts itself, so that the daemon knows when it is idle.
template <typename... Values>
class Reply {
 public:
  Reply(sdbus::Result<Values...>&& result, const std::shared_ptr<OpenCalls>& calls, std::shared_ptr<Brought> brought,
        std::size_t& open)
      : calls_(calls), brought_(std::move(brought)), open_(open) {
    auto call = std::make_shared<sdbus::Result<Values...>>(std::move(result));
    call_ = call;
    calls->add(std::move(call));
    ++open_;
  }
  ~Reply() {
    fail(Error(Errc::kInternal, "the request was dropped without an answer"));
    --open_;
  }
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  void send(const Values&... values) {
    if (brought_) brought_->let_in();
    answer([&](const auto& call) { call.returnResults(values...); });
  }
  void fail(const Error& error) {
    answer([&](const auto& call) { call.returnError(to_bus(error)); });
  }

 private:
  template <typename Give>
  void answer(Give&& give) {
    const auto calls = calls_.lock();
    const auto call = call_.lock();
    if (!calls || !call) return;  // the connection is gone, or this was answered
    calls->remove(call);
    try {
      give(*call);
    } catch (const sdbus::Error& error) {
      log::debug("an answer could not be sent: " + error.getMessage());  // the caller is gone
    }
  }

  std::weak_ptr<OpenCalls> calls_;
  std::weak_ptr<sdbus::Result<Values...>> call_;
  std::shared_ptr<Brought> brought_;
  std::size_t& open_;
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
