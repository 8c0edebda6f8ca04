// SPDX-License-Identifier: MIT
// sdme-guest-session: the one process of a unit in the guest, which runs a command for a worker on
// the host. Static, since it must run in whatever the guest is. It is the guest's: the worker
// believes nothing it says. The words on the socket are those of guest/spec.hpp.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {  // which the header of glibc 2.41 does not say
#include <sys/pidfd.h>
}

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/error.hpp"
#include "guest/environment.hpp"
#include "guest/spec.hpp"
#include "os/file.hpp"
#include "os/packet.hpp"

namespace sdme::guest {

namespace {

constexpr std::size_t kLongestSpec = 16 * 1024 * 1024;
constexpr int kGraceMsec = 2'000;  // between SIGTERM and SIGKILL of a command whose caller has gone

struct Request {
  Spec spec;
  std::vector<os::UniqueFd> fds;
};

Request receive_request(int control) {
  auto packet = os::receive_packet(control, kLongestPacket).value_or(os::Packet{});
  if (packet.text != kSpec || packet.fds.empty()) throw Error(Errc::kInternal, "no request came");
  auto spec = Spec::decode(os::read_all(packet.fds.front().get(), kLongestSpec, "the request"));
  packet.fds.erase(packet.fds.begin());
  if (!spec || packet.fds.size() != (spec->terminal ? 1U : 3U)) throw Error(Errc::kInternal, "the request is damaged");
  return {.spec = std::move(*spec), .fds = std::move(packet.fds)};
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const auto& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

// The command becomes leader of a session, so that its group is its own and a terminal can be its.
void take_streams(const std::vector<os::UniqueFd>& fds, bool terminal) {
  setsid();
  if (terminal) ioctl(fds[0].get(), TIOCSCTTY, 0);
  for (int stream = 0; stream < 3; ++stream)
    dup2(fds.at(terminal ? 0 : static_cast<std::size_t>(stream)).get(), stream);
}

// As the program of a fresh login: nothing of systemd's habits for services is left.
void reset_signals() {
  for (int number = 1; number < NSIG; ++number) std::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void give_up(int outcome, int status, const std::string& sentence) {
  const auto line = "sdme: " + sentence + ": " + std::strerror(errno) + "\n";
  static_cast<void>(!write(STDERR_FILENO, line.data(), line.size()));
  const auto byte = static_cast<unsigned char>(status);
  static_cast<void>(!write(outcome, &byte, 1));
  _exit(status);
}

void enter_directory(int outcome, const std::string& wanted, const std::string& home) {
  if (!wanted.empty()) {
    if (chdir(wanted.c_str()) < 0) give_up(outcome, kCannotRun, "cannot enter " + wanted);
  } else if (chdir(home.c_str()) < 0 && chdir("/") < 0) {  // a home that is missing stops no login
    give_up(outcome, kCannotRun, "cannot enter /");
  }
}

// `outcome` is closed by a successful exec, and else gets the status.
[[noreturn]] void become_command(const Request& request, int outcome) {
  const auto& spec = request.spec;
  take_streams(request.fds, spec.terminal);
  reset_signals();
  const auto variables = environment(environ, spec.env);
  enter_directory(outcome, spec.directory, value_of(variables, "HOME"));
  auto list = pointers(variables);
  environ = list.data();  // execvp() looks for the program in this PATH
  if (!spec.argv.empty()) {
    execvp(spec.argv[0].c_str(), pointers(spec.argv).data());
    give_up(outcome, errno == ENOENT ? kNotFound : kCannotRun, "cannot run " + spec.argv[0]);
  }
  const auto shell = value_of(variables, "SHELL");
  const auto login_name = "-" + shell.substr(shell.rfind('/') + 1);
  execv(shell.c_str(), pointers({login_name}).data());
  give_up(outcome, errno == ENOENT ? kNotFound : kCannotRun, "cannot run " + shell);
}

pid_t start_command(const Request& request, int control) {
  std::array<int, 2> ends = {};
  if (pipe2(ends.data(), O_CLOEXEC) < 0) throw_errno("making a pipe");
  const os::UniqueFd reading(ends[0]);
  os::UniqueFd writing(ends[1]);
  const pid_t child = fork();
  if (child < 0) throw_errno("starting a process");
  if (child == 0) become_command(request, writing.get());
  writing.reset();
  char status = 0;
  if (read(reading.get(), &status, 1) == 0) os::send_packet(control, std::string(kStarted), {});
  return child;
}

void signal_group(pid_t command, int number) { kill(-command, number); }

// A login shell heeds SIGHUP and not SIGTERM; a stopped one heeds nothing until it goes on.
void end_group(pid_t command) {
  for (const int number : {SIGTERM, SIGHUP, SIGCONT}) signal_group(command, number);
}

// Serves the host until the command has ended.
void await_end(pid_t command, int control, int told_to_stop) {
  const os::UniqueFd process(pidfd_open(command, 0));
  if (!process) throw_errno("watching the command");
  std::array<pollfd, 3> waiting = {{{.fd = process.get(), .events = POLLIN, .revents = 0},
                                    {.fd = control, .events = POLLIN, .revents = 0},
                                    {.fd = told_to_stop, .events = POLLIN, .revents = 0}}};
  int patience = -1;
  while (true) {
    const int ready = poll(waiting.data(), waiting.size(), patience);
    if (ready < 0 && errno != EINTR) throw_errno("waiting for the command");
    if (waiting[0].revents != 0) return;
    if (ready == 0) signal_group(command, SIGKILL);
    bool must_end = waiting[2].revents != 0;
    if (waiting[1].revents != 0) {
      const auto text = os::receive_packet(control, kLongestPacket).value_or(os::Packet{}).text;
      must_end = must_end || text.empty();
      if (const auto number = number_after(kSignal, text)) signal_group(command, *number);
    }
    if (!must_end) continue;
    end_group(command);
    patience = kGraceMsec;
    waiting[1].fd = waiting[2].fd = -1;  // no second warning
  }
}

void report_end(pid_t command, int control) {
  siginfo_t end = {};
  if (waitid(P_PID, static_cast<id_t>(command), &end, WEXITED) < 0) throw_errno("waiting for the command");
  const auto word = end.si_code == CLD_EXITED ? kExited : kKilled;
  os::send_packet(control, std::string(word) + std::to_string(end.si_status), {});
}

int run() {
  const os::UniqueFd control(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!control) throw_errno("taking the socket");
  sigset_t stop;
  sigemptyset(&stop);
  for (const int number : {SIGTERM, SIGHUP, SIGINT}) sigaddset(&stop, number);
  sigprocmask(SIG_BLOCK, &stop, nullptr);
  const os::UniqueFd told_to_stop(signalfd(-1, &stop, SFD_CLOEXEC));

  pid_t command = 0;
  {
    const auto request = receive_request(control.get());
    command = start_command(request, control.get());
  }  // our copies of its streams are closed: their readers see the end when the command is done
  await_end(command, control.get(), told_to_stop.get());
  report_end(command, control.get());
  return EXIT_SUCCESS;
}

}  // namespace

}  // namespace sdme::guest

int main() {
  try {
    return sdme::guest::run();
  } catch (const sdme::Error& error) {
    static_cast<void>(std::fprintf(stderr, "sdme-guest-session: %s\n", error.what()));
    return EXIT_FAILURE;
  }
}
