// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "job/record.hpp"
#include "os/dir.hpp"

namespace sdme::job {

// The records of jobs in /run/sdmed/jobs: what a restarted daemon finds again. Each job has a
// directory ID with our record.json and out/, the one place below it that the worker may write.
class Spool {
 public:
  explicit Spool(const std::string& path);

  // A number never given before in this boot.
  std::uint64_t next_id();

  void write(const Record& record) const;  // makes the directories the first time
  std::string out_path(std::uint64_t id) const;

  // What the worker of a verb left: a JSON object, or nothing; that of an earlier stage is nothing.
  // The worker is not trusted to have left a sane one: Corrupt if it is no object or too large.
  std::optional<json::Value> result(std::uint64_t id, const std::string& verb) const;

  void remove(std::uint64_t id) const;
  std::vector<Record> load() const;  // damaged ones are logged and removed

 private:
  os::Dir dir_;
  std::uint64_t last_id_ = 0;
};

}  // namespace sdme::job
