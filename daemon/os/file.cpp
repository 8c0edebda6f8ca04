// SPDX-License-Identifier: MIT
#include "os/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>

#include "base/error.hpp"

namespace sdme::os {

std::string read_all(int fd, std::size_t limit, const std::string& what) {
  std::string text;
  char buffer[16 * 1024];
  while (true) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("reading " + what);
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > limit) {
      throw Error(Errc::kLimitExceeded, what + " is larger than " + std::to_string(limit) + " bytes");
    }
  }
}

void write_all(int fd, std::string_view text, const std::string& what) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("writing " + what);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

UniqueFd sealed_memory(std::string_view text, const char* name) {
  UniqueFd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL));
  if (!fd) throw_errno("making a file in memory");
  write_all(fd.get(), text, name);
  if (lseek(fd.get(), 0, SEEK_SET) < 0 ||
      fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0) {
    throw_errno("sealing a file in memory");
  }
  return fd;
}

UniqueFd duplicate(int fd) {
  UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!copy) throw_errno("duplicating a file descriptor");
  return copy;
}

}  // namespace sdme::os
