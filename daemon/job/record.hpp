// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "errors.hpp"
#include "store/lease.hpp"

namespace sdme::job {

enum class State { kQueued, kRunning, kCancelling, kDone, kFailed, kCancelled };

std::string_view word(State state);
constexpr bool ended(State state) { return state >= State::kDone; }

// All that must be known of a job when the daemon has been killed in the middle of it. Written to
// /run/sdmed/jobs/ID/record.json before the job's unit starts, so a unit without a record does not
// exist.
struct Record {
  std::uint64_t id = 0;
  bool session = false;  // exec and join: a class of their own, not listed among the jobs
  std::string kind;      // what org.sdme1.Job.Kind says
  std::string verb;      // of sdme-worker; "" when the daemon alone does it
  std::string target;
  std::uint32_t owner = 0;  // uid
  std::uint64_t created_usec = 0;
  bool cancel_on_disconnect = false;
  bool staging = false;                    // has a directory below the store's staging
  json::Value request;                     // frozen: what was authorised is what the worker gets
  json::Value fetch;                       // request of the unit beside it that talks to a server; null for none
  json::Value commit;                      // what to do with the result; see commit.cpp
  std::vector<store::Claim> claims;        // leases, taken again after a restart
  std::vector<std::string> pinned_layers;  // must not be removed while the job lives

  State state = State::kQueued;
  Errc error = Errc::kInternal;  // of a failed or cancelled one
  std::string message;           // one sentence, details below it for the owner alone
  json::Value result = json::Value::object();

  std::string unit() const;
  bool fetches() const;                    // in this stage: what came is there for the later ones
  std::vector<std::string> units() const;  // those of this stage: unit(), and the one that fetches if there is one
  std::string title() const;  // for people: "job 7 (import debian)"
  // Whether PID 1 is asked to boot the container before the worker is there. The request says so for one that does not
  // run: another must not end when this job fails.
  bool begins_container() const { return json::get_or<bool>(request, "begun", false); }
  bool housekeeping() const { return kind == "trash" || kind == "health"; }  // the daemon's own, beyond every limit
  bool listed() const { return !session && !housekeeping(); }
  std::string to_text() const;
  static Record from_text(const std::string& text, const std::string& what);
};

}  // namespace sdme::job
