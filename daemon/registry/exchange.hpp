// SPDX-License-Identifier: MIT
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "registry/reply.hpp"
#include "registry/trust.hpp"
#include "registry/url.hpp"

namespace sdme::registry {

class Loop;

namespace detail {
struct Multi;  // libcurl's
struct Transfer;
}  // namespace detail

// Takes a body as it comes. What it throws ends the exchange.
class Sink {
 public:
  Sink() = default;
  virtual ~Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  // Before the first byte of a body that is wanted (200 or 206), once an exchange.
  virtual void begin(const Head& head) = 0;
  enum class Flow { kGoOn, kPause, kStop };
  // kStop: no more of this answer. kPause: nothing was taken, and the same bytes come again after Loop::go_on().
  virtual Flow take(std::span<const char> bytes) = 0;
};

// How one shows who one is.
struct Authorization {
  enum class Kind { kNone, kBasic, kBearer } kind = Kind::kNone;
  std::string user;
  std::string secret;
};

struct Request {
  static constexpr std::size_t kSmall = 1024 * 1024;

  Url url;
  const Trust* trust = nullptr;       // outlives the exchange
  Authorization authorization;
  std::string accept;                 // "" for anything
  std::vector<std::string> headers;   // more of them, whole
  std::optional<std::string> form;    // POST of it instead of GET
  std::uint64_t from = 0;             // Range: bytes=FROM-, unless 0
  std::size_t limit = kSmall;         // of a body that no sink takes
  bool decode = true;                 // Content-Encoding is undone, if a server insists on one
  Sink* sink = nullptr;
};

// One request under way: awaited, it gives the answer.
class Exchange {
 public:
  Exchange(Loop& loop, const Request& request);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> who);
  Reply await_resume();

 private:
  Loop& loop_;
  std::unique_ptr<detail::Transfer> transfer_;
};

}  // namespace sdme::registry
