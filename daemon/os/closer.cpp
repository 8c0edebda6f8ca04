// SPDX-License-Identifier: MIT
#include "os/closer.hpp"

#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <thread>

namespace sdme::os {

struct Closer::Queue {
  std::mutex mutex;
  std::condition_variable news;
  std::deque<UniqueFd> fds;
  std::size_t open = 0;
  bool leaving = false;

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      news.wait(lock, [this] { return leaving || !fds.empty(); });
      if (fds.empty()) return;
      auto next = std::move(fds.front());
      fds.pop_front();
      lock.unlock();
      next.reset();  // here it may wait
      lock.lock();
      --open;
    }
  }
};

Closer::Closer() : queue_(std::make_shared<Queue>()) {
  // Signals are the loop's.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([queue = queue_] { queue->run(); }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Closer::~Closer() {
  const std::lock_guard lock(queue_->mutex);
  queue_->leaving = true;
  queue_->news.notify_one();
}

void Closer::close(UniqueFd fd) {
  if (!fd) return;
  const std::lock_guard lock(queue_->mutex);
  queue_->fds.push_back(std::move(fd));
  ++queue_->open;
  queue_->news.notify_one();
}

std::size_t Closer::waiting() const {
  const std::lock_guard lock(queue_->mutex);
  return queue_->open;
}

}  // namespace sdme::os
