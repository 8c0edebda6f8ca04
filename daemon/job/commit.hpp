// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "job/record.hpp"
#include "store/store.hpp"

namespace sdme::job {

// Which things a commit touched, for the objects that show them.
struct Touched {
  std::string container;  // "" for none
  std::string rootfs;
  std::string pod;
  std::vector<std::string> others;  // more containers
};

struct Committed {
  json::Value result;  // what WaitJob tells
  Touched touched;
};

// Makes a successful worker's work part of the store: the renames, and nothing that takes long.
// It follows from the record alone, so a restarted daemon does the same. The worker's result is
// checked like any stranger's (Corrupt).
Committed commit(const Record& record, const json::Value& worker_result, store::Store& store);

// From when the job is accepted until it has ended: its worker uses what the commit will write before that is written.
void expect(const Record& record, store::Store& store);
void expect_no_more(const Record& record, store::Store& store);
// Room in the store for that, where the worker changes what systemd or a guest has: it must not turn out when that is
// done that there is none. None where nothing is changed before. NoSpace.
os::UniqueFd expected_room(const Record& record, const store::Store& store);

}  // namespace sdme::job
