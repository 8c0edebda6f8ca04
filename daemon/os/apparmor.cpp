// SPDX-License-Identifier: MIT
#include "os/apparmor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/unique_fd.hpp"

namespace sdme::os {

bool has_apparmor() {
  // The file below /proc is there as soon as the kernel could have it.
  const UniqueFd fd(open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC));
  char answer = 'N';
  return fd && read(fd.get(), &answer, 1) == 1 && answer == 'Y';
}

void confine_next_program(const std::string& profile) {
  const auto named = "AppArmor profile " + text::quoted(profile);
  if (!has_apparmor()) throw Error(Errc::kNotSupported, named + " cannot be used: this host has no AppArmor");
  const UniqueFd fd(open("/proc/self/attr/apparmor/exec", O_WRONLY | O_CLOEXEC));
  if (!fd) throw_errno("confining by " + named);
  const auto wish = "exec " + profile;
  if (write(fd.get(), wish.data(), wish.size()) >= 0) return;
  if (errno == ENOENT) throw Error(Errc::kNotFound, named + " is not loaded; apparmor_parser(8) loads it");
  throw_errno("confining by " + named);
}

}  // namespace sdme::os
