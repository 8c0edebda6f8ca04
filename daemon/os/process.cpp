// SPDX-License-Identifier: MIT
#include "os/process.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>

#include "base/defer.hpp"
#include "base/error.hpp"
#include "os/packet.hpp"
#include "os/stop_request.hpp"

// glibc 2.41 declares these without C linkage (fixed upstream since).
extern "C" {
#include <sys/pidfd.h>
}

namespace sdme::os {

namespace {

constexpr std::size_t kLongestPacket = 4096;

// The packet is "k" with the fds, or "e", the number of an Errc as one byte, and a sentence.
std::string failure(Errc code, const std::string& message) {
  return ("e" + std::string(1, static_cast<char>(code)) + message).substr(0, kLongestPacket);
}

[[noreturn]] void be_the_child(int socket, const std::function<std::vector<UniqueFd>()>& work) {
  try {
    const auto fds = work();
    std::vector<int> numbers;
    for (const auto& fd : fds) numbers.push_back(fd.get());
    send_packet(socket, "k", numbers);
  } catch (const Error& error) {
    send_packet(socket, failure(error.code(), error.message()), {});
  }
  _exit(0);  // nothing of the parent's is destroyed twice
}

std::vector<UniqueFd> outcome_of(int socket) {
  auto packet = receive_packet(socket, kLongestPacket).value_or(Packet{});
  if (packet.text == "k") return std::move(packet.fds);
  if (packet.text.size() < 2) throw Error(Errc::kInternal, "a child process ended without a word");
  throw Error(static_cast<Errc>(packet.text[1]), packet.text.substr(2));
}

// Of its main thread; none when it is gone.
std::vector<pid_t> children_of(pid_t pid) {
  const auto text = std::to_string(pid);
  std::ifstream file("/proc/" + text + "/task/" + text + "/children");
  std::vector<pid_t> children;
  for (pid_t child = 0; file >> child;) children.push_back(child);
  return children;
}

// Its number in its innermost pid namespace, 0 when it is gone.
pid_t innermost_pid(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("NSpid:")) continue;
    std::istringstream numbers(line.substr(6));
    pid_t innermost = 0;
    for (pid_t number = 0; numbers >> number;) innermost = number;
    return innermost;
  }
  return 0;
}

}  // namespace

Process Process::open(pid_t pid) {
  UniqueFd fd(pidfd_open(pid, 0));
  if (!fd && errno == ESRCH) throw Error(Errc::kNotFound, "there is no process " + std::to_string(pid));
  if (!fd) throw_errno("opening process " + std::to_string(pid));
  return {.pid = pid, .fd = std::move(fd)};
}

bool Process::alive() const { return pidfd_send_signal(fd.get(), 0, nullptr, 0) == 0 || errno != ESRCH; }

void Process::signal(int number) const {
  if (pidfd_send_signal(fd.get(), number, nullptr, 0) < 0 && errno != ESRCH) {
    throw_errno("sending signal " + std::to_string(number) + " to process " + std::to_string(pid));
  }
}

std::optional<Process> find_init(pid_t parent) {
  if (parent <= 0) return std::nullopt;
  for (const pid_t pid : children_of(parent)) {
    if (innermost_pid(pid) != 1) continue;
    auto process = Process::open(pid);
    // Looked at again now that the number cannot be given to another.
    if (innermost_pid(pid) != 1 || !process.alive()) return std::nullopt;
    return process;
  }
  return std::nullopt;
}

std::vector<UniqueFd> fds_from_child(std::chrono::milliseconds patience,
                                     const std::function<std::vector<UniqueFd>()>& work) {
  std::array<int, 2> pair = {};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) < 0) throw_errno("making a socket pair");
  const UniqueFd ours(pair[0]);
  UniqueFd theirs(pair[1]);
  const pid_t child = fork();
  if (child < 0) throw_errno("starting a process");
  if (child == 0) be_the_child(theirs.get(), work);
  const Defer reap([&] {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  });
  theirs.reset();
  pollfd waiting = {.fd = ours.get(), .events = POLLIN, .revents = 0};
  const int ready = poll(&waiting, 1, static_cast<int>(patience.count()));
  throw_if_stop_requested();
  if (ready < 0) throw_errno("waiting for a child process");
  if (ready == 0) throw Error(Errc::kTimedOut, "the container did not answer in time");
  return outcome_of(ours.get());
}

}  // namespace sdme::os
