// SPDX-License-Identifier: MIT
#include "child.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "failure.hpp"

namespace sdme::client {

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) throw failure_of_errno("making a pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

namespace {

// Our signal mask and our ignored SIGPIPE are not for others.
void reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
}

// Puts `from` at `to`; a copy does not close on exec. All of `from` are above 3, so none is overwritten.
void place(int from, int to) {
  if (from >= 0) ::dup2(from, to);
}

int above_standard(int fd) { return fd < 0 ? fd : ::fcntl(fd, F_DUPFD_CLOEXEC, 10); }

[[noreturn]] void become(char* const* argv, const Child::Descriptors& descriptors) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  reset_signals();
  const int null = above_standard(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const int in = above_standard(descriptors.in);
  const int out = above_standard(descriptors.out);
  const int err = above_standard(descriptors.err);
  const int fourth = above_standard(descriptors.fourth);
  place(in < 0 ? null : in, STDIN_FILENO);
  place(out < 0 ? null : out, STDOUT_FILENO);
  place(err < 0 ? null : err, STDERR_FILENO);
  place(fourth, 3);
  ::close_range(fourth < 0 ? 3 : 4, ~0U, 0);
  ::execvp(argv[0], argv);
  ::_exit(127);
}

}  // namespace

Child::Child(const std::vector<std::string>& argv, const Descriptors& descriptors) {
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw failure_of_errno("starting " + argv.front());
  if (pid_ == 0) become(words.data(), descriptors);
  // glibc's own declaration of pidfd_open() is not made for C++.
  pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

Child::~Child() {
  if (status()) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

std::optional<int> Child::status() {
  int status = 0;
  if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_;
}

void Child::kill(int signal) {
  if (!status()) ::kill(pid_, signal);
}

}  // namespace sdme::client
