// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "bus/authority.hpp"
#include "bus/caller.hpp"
#include "store/settings.hpp"

namespace sdme::bus {

using Details = std::map<std::string, std::string>;

// One question to polkit: an action without the prefix org.sdme., and what its prompt and the
// administrator's rules see. The keys are documented in org.sdme1(5).
struct Check {
  std::string action;
  Details details;
  std::string told = {};  // of the features, to who is refused; "" for all

  bool operator==(const Check&) const = default;
};

// Whether what is needed now is what was asked for: Busy otherwise.
void check_asked(const std::vector<Check>& asked, const std::vector<Check>& now);

// The one way in. A request that was parsed is let through to its act, or refused; a member that
// is not in the gate table is refused. Root needs no permission, so it works without polkit.
class Door {
 public:
  using Granted = std::move_only_function<void()>;
  using Denied = std::move_only_function<void(const Error&)>;

  Door(const store::Settings& settings, Presence& presence);
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  // Absent while there is no system bus: then only root gets in.
  void set_authority(Authority* authority) { authority_ = authority; }

  // What the gate table asks of a member whose gate is not "computed". `owner` is that of the
  // thing named.
  std::vector<Check> required(std::string_view member, const Caller& caller, std::optional<std::uint32_t> owner,
                              Details details) const;

  // All checks must be answered yes, in their order. Neither is called after the caller left: the
  // prompt is withdrawn and the request dropped.
  void enter(const Caller& caller, std::vector<Check> checks, Granted granted, Denied denied);

  std::size_t pending() const { return pending_.size(); }

 private:
  struct Pending;

  // Which of those who wait: of one user or of all, all or those where a person is asked.
  struct Waiting {
    std::optional<std::uint32_t> uid;
    bool prompting = false;
  };
  std::uint64_t count(Waiting wanted) const;

  // The rules are asked first, and a person only when they want a password: only that is a prompt.
  void ask(std::uint64_t id);
  void prompt(std::uint64_t id);
  void on_verdict(std::uint64_t id, Verdict verdict);
  void on_gone(std::uint64_t id);
  void check_questions(std::uint32_t uid) const;
  void check_prompts(std::uint32_t uid) const;

  const store::Settings& settings_;
  Presence& presence_;
  Authority* authority_ = nullptr;
  std::map<std::uint64_t, std::unique_ptr<Pending>> pending_;
  std::uint64_t last_id_ = 0;
};

}  // namespace sdme::bus
