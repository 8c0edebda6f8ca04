// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "base/json.hpp"
#include "os/unique_fd.hpp"

namespace sdme::job {

// The worker's end of a job: what a verb is given and how it tells what happens. The process was
// started as a transient unit with its fds by name (sd_listen_fds_with_names(3)):
//   request  a sealed file in memory: one JSON object, the frozen request
//   report   a SOCK_SEQPACKET socket: one JSON object a packet; that nobody listens is no error
//   others   as the verb says, for example "data"
// The result is a file, OUT/result.json, by rename: {"result": {…}} or
// {"error": {"code": word of errors.hpp, "message": …}}, each with "verb". It outlives the daemon.
class Worker {
 public:
  static Worker from_environment();

  const json::Value& request() const { return request_; }

  bool has_fd(const std::string& name) const { return fds_.contains(name); }
  // An fd of the request, given up to the caller; Internal when it was not passed.
  os::UniqueFd take_fd(const std::string& name);
  const os::UniqueFd& report_socket() const { return report_; }

  // `fraction` 0 to 1 for the whole job, -1 unknown. Sent at most ten times a second, a new phase
  // at once.
  void progress(const std::string& phase, double fraction, std::uint64_t bytes_done = 0, std::uint64_t bytes_total = 0);

  // One packet, with an fd if `fd` is not -1.
  void send(const json::Value& packet, int fd = -1);

  void finish(const json::Value& result);
  void fail(Errc code, const std::string& message);

 private:
  Worker() = default;
  std::string verb() const;
  void write_result(const json::Value& value);

  json::Value request_;
  os::UniqueFd report_;
  std::map<std::string, os::UniqueFd> fds_;
  std::string phase_;
  std::chrono::steady_clock::time_point last_progress_;
};

}  // namespace sdme::job
