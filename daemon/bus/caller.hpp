// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "os/unique_fd.hpp"

namespace sdme::bus {

// Who asks, as the bus daemon or the kernel said; nothing here came from the caller itself.
struct Caller {
  std::uint32_t uid = 0;  // effective
  std::string id;         // unique bus name, or "peer-N": equal for calls over one connection
  std::shared_ptr<const os::UniqueFd> pidfd;  // of a peer; absent on the system bus
  bool interactive = false;                   // a prompt may be shown, ALLOW_INTERACTIVE_AUTHORIZATION

  bool is_peer() const { return pidfd != nullptr; }
};

// Tells when callers leave.
class Presence {
 public:
  // Ends the watch when destroyed.
  class Watch {
   public:
    Watch() = default;
    Watch(Presence& presence, std::string id, std::uint64_t key)
        : presence_(&presence), id_(std::move(id)), key_(key) {}
    ~Watch() { reset(); }
    Watch(Watch&& other) noexcept { *this = std::move(other); }
    Watch& operator=(Watch&& other) noexcept {
      reset();
      presence_ = std::exchange(other.presence_, nullptr);
      id_ = std::move(other.id_);
      key_ = other.key_;
      return *this;
    }
    void reset() {
      if (auto* presence = std::exchange(presence_, nullptr)) presence->forget(id_, key_);
    }

   private:
    Presence* presence_ = nullptr;
    std::string id_;
    std::uint64_t key_ = 0;
  };

  [[nodiscard]] Watch when_gone(const Caller& caller, std::function<void()> then) {
    watchers_[caller.id][++last_key_] = std::move(then);
    return {*this, caller.id, last_key_};
  }

  // What they do must not throw.
  void gone(const std::string& id) {
    const auto node = watchers_.extract(id);
    if (node.empty()) return;
    for (auto& [key, then] : node.mapped()) then();
  }

  // Nobody is told any more: it is the daemon that leaves.
  void forget_all() { watchers_.clear(); }

 private:
  void forget(const std::string& id, std::uint64_t key) {
    const auto found = watchers_.find(id);
    if (found == watchers_.end()) return;
    found->second.erase(key);
    if (found->second.empty()) watchers_.erase(found);
  }

  std::map<std::string, std::map<std::uint64_t, std::function<void()>>> watchers_;
  std::uint64_t last_key_ = 0;
};

}  // namespace sdme::bus
