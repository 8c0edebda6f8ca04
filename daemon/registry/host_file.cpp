// SPDX-License-Identifier: MIT
#include "registry/host_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/error.hpp"
#include "os/dir.hpp"
#include "os/file.hpp"

namespace sdme::registry {

namespace {

constexpr std::size_t kLargest = 4 * 1024 * 1024;

}  // namespace

std::optional<std::string> read_host_file(const std::string& path) {
  const os::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (!fd && errno == EACCES) {
    throw Error(Errc::kAccessDenied, path +
                                         " must be readable for the service that fetches, which is a user without "
                                         "rights");
  }
  if (!fd) throw_errno("opening " + path);
  return os::read_all(fd.get(), kLargest, path);
}

std::vector<std::string> host_files(const std::string& directory, std::string_view ending) {
  std::vector<std::string> names;
  if (!is_host_directory(directory)) return names;
  for (auto& name : os::Dir::open(directory).entries()) {
    if (name.ends_with(ending) && !name.starts_with('.')) names.push_back(std::move(name));
  }
  return names;
}

bool is_host_directory(const std::string& path) {
  struct stat found = {};
  return stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

}  // namespace sdme::registry
