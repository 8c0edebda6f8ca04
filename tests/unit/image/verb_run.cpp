// SPDX-License-Identifier: MIT
#include "image/verb_run.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cstdlib>
#include <stdexcept>

#include "base/error.hpp"
#include "os/dir.hpp"
#include "os/file.hpp"

namespace sdme::test {

namespace {

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(what);
}

// From fd 3 on, in the order of the names: sd_listen_fds(3).
void pass(const std::vector<int>& fds, const std::string& names) {
  std::vector<os::UniqueFd> aside;
  for (const int fd : fds) aside.emplace_back(fcntl(fd, F_DUPFD_CLOEXEC, 100));
  for (std::size_t i = 0; i < aside.size(); ++i) must(dup2(aside[i].get(), 3 + static_cast<int>(i)) >= 0, "dup2");
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", std::to_string(fds.size()).c_str(), 1);
  setenv("LISTEN_FDNAMES", names.c_str(), 1);
}

[[noreturn]] void be_worker(json::Value (*verb)(job::Worker&)) {
  try {
    auto worker = job::Worker::from_environment();
    try {
      worker.finish(verb(worker));
    } catch (const Error& error) {
      worker.fail(error.code(), error.message());
    }
    _exit(0);
  } catch (const std::exception&) {
    _exit(1);
  }
}

std::vector<json::Value> packets_of(int socket) {
  std::vector<json::Value> packets;
  char packet[4096];
  ssize_t size = 0;
  while ((size = recv(socket, packet, sizeof packet, MSG_DONTWAIT)) > 0) {
    packets.push_back(json::parse({packet, static_cast<std::size_t>(size)}, "packet"));
  }
  return packets;
}

}  // namespace

VerbRun run_verb(json::Value (*verb)(job::Worker&), json::Value request, const std::string& out,
                 const os::UniqueFd& data) {
  request["verb"] = "tried";
  request["out"] = out;
  const auto memory = os::sealed_memory(request.dump(), "request");
  int ends[2] = {};
  must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
  const os::UniqueFd ours(ends[0]);
  os::UniqueFd theirs(ends[1]);
  const pid_t child = fork();
  must(child >= 0, "fork");
  if (child == 0) {
    std::vector<int> fds{memory.get(), theirs.get()};
    if (data) fds.push_back(data.get());
    pass(fds, data ? "request:report:data" : "request:report");
    be_worker(verb);
  }
  theirs.reset();
  int status = 0;
  must(waitpid(child, &status, 0) == child && status == 0, "the worker failed without a result");
  const auto result = os::Dir::open(out).read("result.json", 1 << 20);
  return {json::parse(result, "result"), packets_of(ours.get())};
}

}  // namespace sdme::test
