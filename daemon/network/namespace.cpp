// SPDX-License-Identifier: MIT
#include "network/namespace.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/vfs.h>

#include <chrono>

#include "base/error.hpp"
#include "network/tool.hpp"
#include "os/file.hpp"
#include "os/process.hpp"

namespace sdme::network {

namespace {

constexpr std::chrono::seconds kPatience{30};

void set(const char* path, std::string_view value) {
  const os::UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
  if (!fd) throw_errno(std::string("opening ") + path);
  os::write_all(fd.get(), value, path);
}

}  // namespace

os::UniqueFd current_namespace() {
  os::UniqueFd fd(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd) throw_errno("opening a network namespace");
  return fd;
}

os::UniqueFd open_namespace(const std::string& path) {
  os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct statfs found = {};
  // The empty file that it is mounted on is of another kind.
  if (!fd || fstatfs(fd.get(), &found) < 0 || found.f_type != NSFS_MAGIC)
    throw Error(Errc::kNetworkFailed, "there is no network namespace at " + path);
  return fd;
}

void enter_new_namespace() {
  if (unshare(CLONE_NEWNET) < 0) throw_errno("making a network namespace");
  // Inside a user namespace nobody may bind these ports otherwise, nor ping: ip(7), icmp(7).
  set("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
  set("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
  run_ip({"link set lo up"});
}

void enter_namespace(const os::UniqueFd& space) {
  if (setns(space.get(), CLONE_NEWNET) < 0) throw_errno("entering a network namespace");
}

void in_namespace(const os::UniqueFd& space, const std::function<void()>& work) {
  os::fds_from_child(kPatience, [&]() -> std::vector<os::UniqueFd> {
    enter_namespace(space);
    work();
    return {};
  });
}

void set_up(const std::string& interface, const model::Network& network) {
  run_ip({"address add " + model::to_text(network.address) + "/" + std::to_string(network.prefix) + " dev " + interface,
          "link set " + interface + " up", "route add default via " + model::to_text(network.gateway())});
}

}  // namespace sdme::network
