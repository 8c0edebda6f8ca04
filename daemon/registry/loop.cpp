// SPDX-License-Identifier: MIT
#include "registry/loop.hpp"

#include <curl/curl.h>
#include <poll.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "registry/transfer.hpp"

namespace sdme::registry {

namespace {

constexpr std::chrono::milliseconds kLongestWait{1000};

}  // namespace

Exchange::Exchange(Loop& loop, const Request& request)
    : loop_(loop), transfer_(std::make_unique<detail::Transfer>(request, loop.network())) {}

Exchange::~Exchange() { loop_.multi_->remove(*transfer_); }

void Exchange::await_suspend(std::coroutine_handle<> who) {
  transfer_->waiting = who;
  loop_.multi_->add(*transfer_);
}

Reply Exchange::await_resume() { return transfer_->take_reply(transfer_->ended); }

Loop::Loop(Network network) : network_(std::move(network)), multi_(std::make_unique<detail::Multi>()) {}

Loop::~Loop() = default;

void Loop::go_on(const Sink& sink) {
  const auto found = std::ranges::find(multi_->transfers, &sink, &detail::Transfer::sink);
  if (found != multi_->transfers.end()) curl_easy_pause((*found)->handle.get(), CURLPAUSE_CONT);
}

Loop::Pause::~Pause() {
  if (armed_) loop_.timers_.erase(timer_);
}

void Loop::Pause::await_suspend(std::coroutine_handle<> who) {
  waiting_ = who;
  timer_ = loop_.timers_.emplace(Clock::now() + time_, this);
  armed_ = true;
}

Loop::Watch::Watch(Loop& loop, int fd, short events, std::function<void()> ready)
    : loop_(loop), fd_(fd), events_(events), ready_(std::move(ready)) {
  loop_.watches_.push_back(this);
}

Loop::Watch::~Watch() { std::erase(loop_.watches_, this); }

void Loop::turn() {
  int running = 0;
  if (const auto done = curl_multi_perform(multi_->handle, &running); done != CURLM_OK) {
    throw Error(Errc::kInternal, std::string("libcurl failed: ") + curl_multi_strerror(done));
  }
  const bool ended = resume_ended();
  const bool elapsed = resume_timers();
  // Descriptors are heard also while somebody always has something to do, as who reads a file piece by piece.
  wait(ended || elapsed ? std::chrono::milliseconds(0) : kLongestWait);
}

// Each that goes on may begin or end others: what has ended is looked up anew every time.
bool Loop::resume_ended() {
  bool any = false;
  int left = 0;
  while (const auto* const message = curl_multi_info_read(multi_->handle, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto result = message->data.result;
    char* self = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
    auto& transfer = *static_cast<detail::Transfer*>(static_cast<void*>(self));
    transfer.ended = result;
    multi_->remove(transfer);
    any = true;
    transfer.waiting.resume();
  }
  return any;
}

bool Loop::resume_timers() {
  bool any = false;
  const auto now = Clock::now();  // one that pauses for nothing again comes after the others
  while (!timers_.empty() && timers_.begin()->first <= now) {
    auto& pause = *timers_.begin()->second;
    timers_.erase(timers_.begin());
    pause.armed_ = false;
    any = true;
    pause.waiting_.resume();
  }
  return any;
}

void Loop::wait(std::chrono::milliseconds longest) {
  std::vector<curl_waitfd> fds;
  std::vector<pollfd> polled;
  std::vector<Watch*> heard;
  for (auto* const watch : watches_) {
    if (watch->events_ == 0) continue;
    fds.push_back({.fd = watch->fd_, .events = watch->events_, .revents = 0});
    polled.push_back({.fd = watch->fd_, .events = watch->events_, .revents = 0});
    heard.push_back(watch);
  }
  auto time = longest;
  if (!timers_.empty()) {
    const auto until = std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - Clock::now());
    time = std::clamp(until, std::chrono::milliseconds(0), longest);
  }
  int ready = 0;
  const auto done = curl_multi_poll(multi_->handle, fds.data(), static_cast<unsigned>(fds.size()),
                                    static_cast<int>(time.count()), &ready);
  if (done != CURLM_OK) throw Error(Errc::kInternal, std::string("waiting failed: ") + curl_multi_strerror(done));
  // libcurl does not tell that a descriptor has failed or was hung up, which would wake it again at once.
  if (polled.empty() || poll(polled.data(), polled.size(), 0) <= 0) return;
  for (std::size_t i = 0; i < polled.size(); ++i) {
    const bool still_there = std::ranges::find(watches_, heard[i]) != watches_.end();
    if (polled[i].revents != 0 && still_there) heard[i]->ready_();
  }
}

}  // namespace sdme::registry
