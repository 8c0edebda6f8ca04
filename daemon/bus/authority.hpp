// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "bus/caller.hpp"

namespace sdme::bus {

enum class Verdict {
  kYes,
  kNo,           // a rule or the person said no
  kNeedsPrompt,  // a password would do, but no prompt was allowed or nobody could show one
  kUnavailable,  // polkit is not there or did not answer sensibly: no
};

enum class Ask {
  kRules,   // an answer at once: yes, no, or that a person would have to be asked
  kPerson,  // with a prompt, if the person has an agent
};

// Polkit, asked over its bus interface (org.freedesktop.PolicyKit1.Authority(8)) and never waited
// for. The subject is the bus name, or for a peer its pidfd: never a pid.
class Authority {
 public:
  explicit Authority(sdbus::IConnection& system_bus);

  // `action` with its prefix. `then` is called once, from the loop, unless cancelled before.
  void check(const Caller& caller, Ask ask, const std::string& action,
             const std::map<std::string, std::string>& details, const std::string& cancellation_id,
             std::function<void(Verdict)> then);
  // Takes a prompt off the screen.
  void cancel(const std::string& cancellation_id);

 private:
  std::unique_ptr<sdbus::IProxy> proxy_;
};

}  // namespace sdme::bus
