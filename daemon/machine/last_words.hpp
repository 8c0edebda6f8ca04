// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "systemd/pid1.hpp"

// What to tell of a guest that did not come up.
namespace sdme::machine {

struct LastWords {
  std::string why;                         // one sentence
  std::vector<std::string> failed_units;   // as the guest's manager names them
  std::vector<std::string> running_jobs;   // what its boot still waits for
  std::vector<std::string> lines;          // of the journal, printable
};

// The sentence, then the details below it.
std::string to_message(const LastWords& words);

// Why a container's unit has ended: in the words of sdme-init when it had any.
std::string why_ended(const systemd::ServiceState& state);

// The last lines that one run of a unit left in the journal: the guest's console, systemd-nspawn,
// and what PID 1 says of them. Printable; none when there is no journal.
std::vector<std::string> journal_tail(const std::string& invocation);

}  // namespace sdme::machine
