// SPDX-License-Identifier: MIT
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>

#include "machine/verbs.hpp"
#include "store/layout.hpp"

// The journal of a container, read by the tool that knows how.
namespace sdme::machine {

namespace {

std::vector<std::string> journalctl_command(const json::Value& request) {
  std::vector<std::string> command = {"/usr/bin/journalctl", "--no-pager", "--quiet", "--boot"};
  command.push_back("--unit=" + layout::container_unit(json::get<std::string>(request, "name")));
  // Not what another container of that name has said.
  const auto since = json::get<std::uint64_t>(request, "since_usec");
  command.push_back("--since=@" + std::to_string(since / 1'000'000));
  command.push_back("--output=" + json::get<std::string>(request, "format"));
  const auto lines = json::get<std::uint32_t>(request, "lines");
  const bool follow = json::get<bool>(request, "follow");
  if (lines > 0) command.push_back("--lines=" + std::to_string(lines));
  if (lines == 0 && follow) command.emplace_back("--lines=all");
  if (follow) command.emplace_back("--follow");
  return command;
}

pid_t spawn(std::vector<std::string> command, int output) {
  std::vector<char*> argv;
  for (auto& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t pid = 0;
  const int fault = posix_spawn(&pid, argv.front(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (fault != 0) throw Error::from_errno(fault, "running journalctl");
  return pid;
}

}  // namespace

json::Value run_log(job::Worker& worker) {
  auto output = worker.take_fd("log");
  const auto pid = spawn(journalctl_command(worker.request()), output.get());
  output.reset();  // or the reader would wait for us too
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) throw_errno("waiting for journalctl");
  }
  return {{"status", WIFEXITED(status) ? WEXITSTATUS(status) : 0},
          {"signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0}};
}

}  // namespace sdme::machine
