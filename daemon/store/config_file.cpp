// SPDX-License-Identifier: MIT
#include "store/config_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/error.hpp"
#include "os/dir.hpp"
#include "os/file.hpp"
#include "os/unique_fd.hpp"

namespace sdme::store {

namespace {

constexpr std::size_t kLargestFile = 1U << 20U;

}  // namespace

std::optional<std::string> trusted_text(const std::string& path) {
  // Not beneath a directory: a link that root made in a configuration directory is followed.
  const os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd) throw_errno("opening it");
  struct stat found = {};
  if (fstat(fd.get(), &found) < 0) throw_errno("looking at it");
  if (S_ISCHR(found.st_mode)) return "";
  if (!S_ISREG(found.st_mode)) throw Error(Errc::kInvalidArgument, "it is not a regular file");
  if (found.st_uid != 0) throw Error(Errc::kInvalidArgument, "it is not owned by root");
  const bool group_writes = (found.st_mode & S_IWGRP) != 0 && found.st_gid != 0;
  if (group_writes || (found.st_mode & S_IWOTH) != 0) {
    throw Error(Errc::kInvalidArgument, "others than root may write to it");
  }
  return os::read_all(fd.get(), kLargestFile, path);
}

std::map<std::string, std::string> config_files(const std::vector<std::string>& directories,
                                                std::vector<std::string>& faults) {
  std::map<std::string, std::string> found;
  for (const auto& directory : directories) {
    try {
      for (const auto& name : os::Dir::open(directory).entries()) {
        if (name.ends_with(".conf") && !name.starts_with(".")) found[name] = directory + "/" + name;
      }
    } catch (const Error& error) {
      if (error.code() != Errc::kNotFound) faults.push_back(directory + " is not read: " + error.message());
    }
  }
  return found;
}

}  // namespace sdme::store
