// SPDX-License-Identifier: MIT
#include "store/crash_points.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace sdme::test::crash_points {

namespace {

struct Plan {
  bool armed = false;
  int nth = 0;
  Then then = Then::kDie;
  int error = 0;
  std::vector<Call> calls;
};

Plan plan;

ino_t inode_of(int fd) {
  struct stat found = {};
  return fstat(fd, &found) < 0 ? 0 : found.st_ino;
}

// Whether the call is to happen.
bool pass(const char* name, int fd, int target = -1) {
  if (!plan.armed) return true;
  plan.calls.push_back({name, inode_of(fd), target < 0 ? 0 : inode_of(target)});
  const auto number = static_cast<int>(plan.calls.size());
  const bool struck = plan.nth > 0 && (number == plan.nth || (plan.then == Then::kFailFromThere && number > plan.nth));
  if (!struck) return true;
  if (plan.then == Then::kDie) _exit(kDied);
  errno = plan.error;
  return false;
}

template <typename... Arguments>
int call(long number, Arguments... arguments) {
  return static_cast<int>(syscall(number, arguments...));
}

}  // namespace

void arm(int nth, Then then, int error) { plan = {.armed = true, .nth = nth, .then = then, .error = error}; }

std::vector<Call> disarm() {
  plan.armed = false;
  return std::move(plan.calls);
}

// Apart from pass(), for what a write does before.
bool dies_at_next() {
  return plan.armed && plan.then == Then::kDie && static_cast<int>(plan.calls.size()) + 1 == plan.nth;
}

}  // namespace sdme::test::crash_points

namespace points = sdme::test::crash_points;

extern "C" {

int fsync(int fd) { return points::pass("fsync", fd) ? points::call(SYS_fsync, fd) : -1; }

int fchmod(int fd, mode_t mode) noexcept {
  return points::pass("fchmod", fd) ? points::call(SYS_fchmod, fd, mode) : -1;
}

int mkdirat(int fd, const char* name, mode_t mode) noexcept {
  return points::pass("mkdirat", fd) ? points::call(SYS_mkdirat, fd, name, mode) : -1;
}

int unlinkat(int fd, const char* name, int flags) noexcept {
  return points::pass("unlinkat", fd) ? points::call(SYS_unlinkat, fd, name, flags) : -1;
}

int renameat(int from, const char* name, int to, const char* to_name) noexcept {
  return points::pass("renameat", from, to) ? points::call(SYS_renameat2, from, name, to, to_name, 0) : -1;
}

int renameat2(int from, const char* name, int to, const char* to_name, unsigned flags) noexcept {
  return points::pass("renameat2", from, to) ? points::call(SYS_renameat2, from, name, to, to_name, flags) : -1;
}

ssize_t write(int fd, const void* bytes, size_t count) {
  if (points::dies_at_next()) static_cast<void>(syscall(SYS_write, fd, bytes, count / 2));
  return points::pass("write", fd) ? syscall(SYS_write, fd, bytes, count) : -1;
}

}  // extern "C"
