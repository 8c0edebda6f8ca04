// SPDX-License-Identifier: MIT
#include "provision/chamber.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "os/namespaces.hpp"
#include "os/process.hpp"

namespace sdme::provision {

namespace {

constexpr std::array kAlways = {"/usr/bin/systemd-nspawn", "--settings=no", "--quiet", "--register=no", "--keep-unit",
                                "--as-pid2", "--console=pipe", "--link-journal=no", "--timezone=off",
                                "--resolv-conf=off",  // it is lent to them as a file
                                "--hostname=localhost",
    // What is made is synced once, at the end.
                                "--suppress-sync=yes", "--private-users-ownership=off"};

// What systemd-nspawn would leave them otherwise. Left are owners, modes, setuid helpers, the chroots of package managers
// and file capabilities.
constexpr std::array kNotNeeded = {"CAP_AUDIT_CONTROL",   "CAP_AUDIT_WRITE", "CAP_IPC_OWNER",    "CAP_LEASE",
                                   "CAP_LINUX_IMMUTABLE", "CAP_MKNOD",       "CAP_NET_ADMIN",    "CAP_NET_BIND_SERVICE",
                                   "CAP_NET_BROADCAST",   "CAP_NET_RAW",     "CAP_SYS_ADMIN",    "CAP_SYS_BOOT",
                                   "CAP_SYS_NICE",        "CAP_SYS_PTRACE",  "CAP_SYS_RESOURCE", "CAP_SYS_TTY_CONFIG"};

constexpr int kGlanceMsec = 200;
constexpr std::size_t kKept = 16 * 1024;  // of the output
constexpr std::size_t kLines = 20;
constexpr std::size_t kLongestLine = 512;

std::pair<os::UniqueFd, os::UniqueFd> make_pipe() {
  std::array<int, 2> ends = {};
  if (pipe2(ends.data(), O_CLOEXEC) < 0) throw_errno("making a pipe");
  return {os::UniqueFd(ends[0]), os::UniqueFd(ends[1])};
}

// Only async-signal-safe calls: after fork().
[[noreturn]] void become(const std::vector<char*>& argv, int input, int output) {
  constexpr std::array<const char*, 2> kEnvironment = {"PATH=/usr/sbin:/usr/bin", nullptr};
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  // Who kills the worker kills this one, and that ends the process namespace.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execve(argv[0], argv.data(), const_cast<char* const*>(kEnvironment.data()));
  _exit(127);
}

// Ends and reaps, unless that was done.
class Child {
 public:
  explicit Child(pid_t pid) : process_(os::Process::open(pid)) {}
  ~Child() {
    if (!waits_) return;
    kill(process_.pid, SIGKILL);
    waitpid(process_.pid, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int fd() const { return process_.fd.get(); }

  // When it has ended.
  int status() {
    int status = 0;
    waits_ = false;
    if (waitpid(process_.pid, &status, 0) < 0) throw_errno("waiting for systemd-nspawn");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  os::Process process_;
  bool waits_ = true;
};

// The last of what was printed, however much that is.
class Tail {
 public:
  // Whether there may be more at once.
  bool read_from(int fd) {
    std::array<char, 4096> block = {};
    const auto count = read(fd, block.data(), block.size());
    if (count <= 0) return false;
    text_.append(block.data(), static_cast<std::size_t>(count));
    if (text_.size() > 2 * kKept) text_.erase(0, text_.size() - kKept);
    return true;
  }

  std::string lines() const {
    std::vector<std::string> shown;
    std::string plain = text_;
    std::ranges::replace(plain, '\r', '\n');  // a progress bar
    for (const auto& line : text::split(plain, '\n')) {
      if (!line.empty()) shown.push_back(text::printable(line, kLongestLine));
    }
    if (shown.size() > kLines) shown.erase(shown.begin(), shown.end() - kLines);
    return text::join(shown, "\n");
  }

 private:
  std::string text_;
};

}  // namespace

std::vector<std::string> command_line(const Chamber& chamber, const std::string& command) {
  std::vector<std::string> argv(kAlways.begin(), kAlways.end());
  std::vector<std::string> dropped(kNotNeeded.begin(), kNotNeeded.end());
  std::erase_if(dropped, [&](const std::string& name) { return std::ranges::contains(chamber.capabilities, name); });
  argv.push_back("--drop-capability=" + text::join(dropped, ","));
  if (!chamber.capabilities.empty()) argv.push_back("--capability=" + text::join(chamber.capabilities, ","));
  argv.push_back("--directory=" + chamber.root);
  argv.push_back("--machine=" + chamber.name);
  argv.push_back("--private-users=" + std::to_string(chamber.base) + ":" + std::to_string(os::kUserRange));
  argv.push_back("--rlimit=RLIMIT_FSIZE=" + std::to_string(chamber.largest_file));
  if (!chamber.network) argv.emplace_back("--private-network");
  for (const auto& assignment : chamber.environment) argv.push_back("--setenv=" + assignment);
  argv.insert(argv.end(), {"--", "/bin/sh", "-c", command});
  return argv;
}

Ended run_in(const Chamber& chamber, const std::string& command, const std::function<void()>& watch) {
  const auto words = command_line(chamber, command);
  std::vector<char*> argv;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);

  // A pipe that has nothing, and no file of the host's, is what they read.
  auto [input, nobody] = make_pipe();
  auto [output, theirs] = make_pipe();
  nobody.reset();
  const pid_t pid = fork();
  if (pid < 0) throw_errno("starting systemd-nspawn");
  if (pid == 0) become(argv, input.get(), theirs.get());
  Child child(pid);
  theirs.reset();
  if (fcntl(output.get(), F_SETFL, O_NONBLOCK) < 0) throw_errno("reading from systemd-nspawn");

  Tail tail;
  std::array<pollfd, 2> waiting = {pollfd{child.fd(), POLLIN, 0}, pollfd{output.get(), POLLIN, 0}};
  while (waiting[0].revents == 0) {
    if (poll(waiting.data(), waiting.size(), kGlanceMsec) < 0 && errno != EINTR) throw_errno("waiting for a command");
    const bool more = tail.read_from(output.get());
    if (!more && (waiting[1].revents & POLLHUP) != 0) waiting[1].fd = -1;  // or this would spin until it ends
    watch();
  }
  while (tail.read_from(output.get())) {
  }
  return {.status = child.status(), .last_words = tail.lines()};
}

}  // namespace sdme::provision
