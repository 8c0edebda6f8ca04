// SPDX-License-Identifier: MIT
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace sdme::registry {

template <typename T>
class Task;

namespace detail {

// When a task ends, who awaited it goes on.
struct GoOn {
  bool await_ready() const noexcept { return false; }
  template <typename Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
    const auto waiting = ended.promise().waiting;
    return waiting ? waiting : std::noop_coroutine();
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> waiting;
  std::exception_ptr failure;

  std::suspend_always initial_suspend() const noexcept { return {}; }
  GoOn final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;

  Task<T> get_return_object();
  void return_value(T given) { value = std::move(given); }
  T take() { return std::move(value).value(); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace detail

// Work that waits for servers, written from top to bottom, several of which go on at once in one thread
// (Loop). It begins when it is awaited or started. Destroyed before its end it stops where it is, and
// what it holds is released.
template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;

  explicit Task(std::coroutine_handle<promise_type> work) : work_(work) {}
  Task(Task&& other) noexcept : work_(std::exchange(other.work_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(work_, other.work_);
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (work_) work_.destroy();
  }

  void start() { work_.resume(); }
  bool done() const { return work_.done(); }
  T take() {  // once, when it is done: the result, or what it threw
    if (work_.promise().failure) std::rethrow_exception(work_.promise().failure);
    return work_.promise().take();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> who) noexcept {
    work_.promise().waiting = who;
    return work_;
  }
  T await_resume() { return take(); }

 private:
  std::coroutine_handle<promise_type> work_;
};

template <typename T>
Task<T> detail::Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}

inline Task<void> detail::Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace sdme::registry
