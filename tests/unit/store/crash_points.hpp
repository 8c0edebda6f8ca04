// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

// Every call of libc that changes a file system is a point at which the process may die or fail. This program has its
// own renameat2(), fsync() and so on, which count, and then ask the kernel; the code under test knows nothing of it.
namespace sdme::test::crash_points {

inline constexpr int kDied = 77;  // exit status

enum class Then { kDie, kFail, kFailFromThere };

// From now on: at the n-th call (1 is the first) the process exits, or the call fails with `error` instead of doing
// anything; of a write, half is done first. 0: none, the calls are only recorded.
void arm(int nth, Then then = Then::kDie, int error = 0);

struct Call {
  std::string name;
  ino_t inode = 0;   // of the file or directory that the call was given; of a rename, the source directory
  ino_t target = 0;  // of a rename, the target directory
};

// Ends that, and says what was called.
std::vector<Call> disarm();

}  // namespace sdme::test::crash_points
