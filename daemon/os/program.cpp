// SPDX-License-Identifier: MIT
#include "os/program.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

namespace sdme::os {

namespace {

constexpr int kNotStarted = 127;
constexpr int kAbovePlaces = 100;  // more descriptors than any program gets
constexpr rlim_t kMostWords = 16 * 1024;   // on standard error; a hostile image can make a program talk
constexpr std::size_t kLongestWords = 400;  // of these in a message

void limit(__rlimit_resource resource, rlim_t value) {
  const rlimit both = {value, value};
  if (setrlimit(resource, &both) < 0) throw_errno("setting a limit");
}

// What is ours and not for others: signals, and more room than a few lines of complaint need.
void reset() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGXFSZ, SIG_IGN);  // what is too much is lost
  limit(RLIMIT_FSIZE, kMostWords);
  limit(RLIMIT_CORE, 0);
}

// Above all places first, so that none is overwritten before it was copied.
void place(const std::vector<int>& fds) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  std::vector<int> aside;
  for (const int fd : fds) aside.push_back(fcntl(fd < 0 ? null.get() : fd, F_DUPFD_CLOEXEC, kAbovePlaces));
  for (std::size_t i = 0; i < fds.size(); ++i) {
    if (aside[i] < 0 || dup2(aside[i], static_cast<int>(i)) < 0) throw_errno("passing a file descriptor");
  }
  close_range(static_cast<unsigned>(fds.size()), ~0U, 0);
}

[[noreturn]] void become(const Program::Start& start) {
  try {
    reset();
    place(start.fds);
    if (start.before_exec) start.before_exec();
    // Last: a change of user forgets it.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
      throw_errno("being a child");
    std::vector<char*> argv;
    for (const auto& word : start.argv) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const char* const environment[] = {"LC_ALL=C.UTF-8", "PATH=/usr/bin", "MALLOC_ARENA_MAX=2", nullptr};
    execve(argv[0], argv.data(), const_cast<char* const*>(environment));
    throw_errno("running " + start.argv.front());
  } catch (const Error& error) {
    write_all(STDERR_FILENO, error.message(), "standard error");
  } catch (const std::exception&) {  // no memory to say why
  }
  _exit(kNotStarted);
}

}  // namespace

Program::Program(const Start& start) : words_(memfd_create("words", MFD_CLOEXEC | MFD_NOEXEC_SEAL)) {
  if (!words_) throw_errno("making a file in memory");
  auto with_words = start;
  with_words.fds.at(STDERR_FILENO) = words_.get();
  // Not fork(): processes and mounts of its own begin with the child.
  pid_ = static_cast<pid_t>(syscall(SYS_clone, start.namespaces | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (pid_ < 0) throw_errno("starting " + start.argv.front());
  if (pid_ == 0) become(with_words);
}

Program::~Program() {
  if (status_ >= 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
}

int Program::wait() {
  while (status_ < 0) {
    int status = 0;
    if (waitpid(pid_, &status, 0) == pid_) {
      status_ = status;
    } else if (errno != EINTR) {
      throw_errno("waiting for a program");
    }
  }
  return status_;
}

std::string Program::words() const {
  std::string said(kMostWords, '\0');
  const auto count = pread(words_.get(), said.data(), said.size(), 0);
  said.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  std::vector<std::string> lines;
  for (const auto& line : text::split(said, '\n')) {
    if (!line.empty()) lines.push_back(text::printable(line));
  }
  return text::printable(text::join(lines, "; "), kLongestWords);
}

}  // namespace sdme::os
