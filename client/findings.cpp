// SPDX-License-Identifier: MIT
#include "findings.hpp"

#include <fmt/format.h>
#include <fnmatch.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "text.hpp"

namespace sdme::client {

namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

constexpr std::uint64_t kFirstId = 0x0008'0000;  // systemd's range for containers
constexpr std::uint64_t kLastId = 0x6FFF'FFFF;
constexpr std::uint64_t kFewInstances = 1024;  // a guest takes seven or so
constexpr std::uint64_t kLeastFree = std::uint64_t{1} << 30U;
// Names of our interfaces, of which a container's carries its uuid.
constexpr std::array kInterfaces = {"sdme-links", "sdz-zone", "sd-0123456789"};

std::string content(const fs::path& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  return stream ? text.str() : "";
}

std::vector<fs::path> files_in(const std::string& root, const std::vector<std::string>& directories,
                               const std::string& suffix) {
  std::vector<fs::path> found;
  for (const auto& directory : directories) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(root + directory, none)) {
      if (entry.path().string().ends_with(suffix)) found.push_back(entry.path());
    }
  }
  std::ranges::sort(found);
  return found;
}

bool has_program(const std::string& root, const std::string& name) {
  return std::ranges::any_of(std::array{"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"},
                             [&](const char* directory) { return fs::exists(root + directory + name); });
}

Finding kernel(const std::string& release) {
  int major = 0;
  int minor = 0;
  std::istringstream stream(release);
  char dot = 0;
  stream >> major >> dot >> minor;
  if (std::pair(major, minor) >= std::pair(5, 19))
    return {Level::kOk, "kernel", "Linux " + release + " has idmapped mounts for overlayfs", ""};
  return {Level::kProblem, "kernel",
          "Linux " + release + " has no idmapped mounts for overlayfs, so no container has a user namespace",
          "boot Linux 5.19 or newer"};
}

Finding overlayfs(const std::string& root, const std::string& release) {
  const bool loaded = content(root + "/proc/filesystems").contains("\toverlay\n");
  if (loaded || fs::exists(root + "/lib/modules/" + release + "/kernel/fs/overlayfs"))
    return {Level::kOk, "overlayfs", "the kernel has it", ""};
  return {Level::kProblem, "overlayfs", "the kernel does not have overlayfs, which every container's root is made of",
          "load its module ('modprobe overlay'), or boot a kernel that has it"};
}

Finding user_namespaces(const std::string& root) {
  const auto text = content(root + "/proc/sys/user/max_user_namespaces");
  if (!text.starts_with("0")) return {Level::kOk, "userns", "containers can have user namespaces", ""};
  return {Level::kProblem, "userns", "this host allows no user namespaces: only containers with --no-userns start",
          "take user.max_user_namespaces=0 out of /etc/sysctl.d, and run 'sysctl user.max_user_namespaces=65536'"};
}

Finding control_groups(const std::string& root) {
  const auto text = content(root + "/sys/fs/cgroup/cgroup.controllers");
  if (!fs::exists(root + "/sys/fs/cgroup/cgroup.controllers")) {
    return {Level::kProblem, "cgroups", "this host has the first version of control groups",
            "boot with systemd.unified_cgroup_hierarchy=1"};
  }
  std::istringstream stream(text);
  std::vector<std::string> has;
  for (std::string word; stream >> word;) has.push_back(word);
  std::vector<std::string> missing;
  for (const char* wanted : {"cpu", "io", "memory", "pids"}) {
    if (!std::ranges::contains(has, wanted)) missing.emplace_back(wanted);
  }
  if (missing.empty()) return {Level::kOk, "cgroups", "limits of processors, memory, disks and tasks hold", ""};
  return {Level::kNote, "cgroups",
          "this host does not count " + join(missing, ", ") +
              ": limits of these do not hold, and 'sdmectl stats' does not show them",
          "the kernel or whoever runs this host must provide these controllers (cgroup_disable= on the kernel's "
          "command line takes them away)"};
}

Finding tools(const std::string& root) {
  if (!has_program(root, "systemd-nspawn"))
    return {Level::kProblem, "tools", "systemd-nspawn is missing, so no container starts", "install systemd-container"};
  std::vector<std::string> missing;
  for (const char* name : {"dnsmasq", "nft", "ip", "qemu-img"}) {
    if (!has_program(root, name)) missing.emplace_back(name);
  }
  if (missing.empty()) return {Level::kOk, "tools", "all programs that sdmed uses are there", ""};
  return {Level::kNote, "tools",
          join(missing, ", ") + " missing: dnsmasq, nft and ip are for networks and ports, qemu-img for QCOW2 images",
          "install dnsmasq-base, nftables, iproute2 and qemu-utils, or what they are called here"};
}

// Who is known to have put such a chain there.
std::string firewall_fix(const std::string& root) {
  const std::string likewise = ", likewise for each zone's bridge (sdz-ZONE)";
  if (content(root + "/etc/ufw/ufw.conf").contains("ENABLED=yes"))
    return "'ufw allow in on sdme-links' and 'ufw route allow in on sdme-links'" + likewise;
  if (fs::exists(root + "/run/firewalld"))
    return "'firewall-cmd --permanent --zone=trusted --add-interface=sdme-links' and 'firewall-cmd --reload'" +
           likewise;
  if (fs::exists(root + "/run/docker.pid") || fs::exists(root + "/run/docker.sock"))
    return "'iptables -I DOCKER-USER -i sdme-links -j ACCEPT' and the same with -o" + likewise;
  return "put 'iifname \"sdme-links\" accept' into that chain, and into one of what is forwarded 'oifname "
         "\"sdme-links\" "
         "accept', too" +
         likewise;
}

Finding firewall(const std::string& root, const HostReport& report) {
  std::vector<std::string> drops;
  if (!report.forward_drops.empty())
    drops.push_back("what they send on (" + join(report.forward_drops, "; ") + "), so that they do not get out");
  if (!report.input_drops.empty()) {
    drops.push_back("what they ask this host (" + join(report.input_drops, "; ") +
                    "), so that they get neither addresses nor names");
  }
  if (drops.empty()) return {Level::kOk, "firewall", "nothing drops what containers send", ""};
  return {Level::kProblem, "firewall",
          "the firewall drops, of containers with network veth or zone, " + join(drops, "; and "), firewall_fix(root)};
}

Finding rules(const std::vector<std::string>& lost) {
  if (lost.empty()) return {Level::kOk, "rules", "each network of sdmed that is up has its rules", ""};
  std::vector<std::string> commands;
  for (const auto& network : lost) commands.push_back("'systemctl restart sdme-network@" + network + ".service'");
  return {Level::kProblem, "rules",
          "somebody took away the rules of network " + join(lost, ", ") +
              " (as 'nft flush ruleset' does): its containers do not get out",
          join(commands, ", ")};
}

// Of ours, that is up.
bool has_network(const std::string& root) {
  std::error_code none;
  const fs::directory_iterator interfaces(root + "/sys/class/net", none);
  return std::ranges::any_of(interfaces, [](const fs::directory_entry& entry) {
    const auto name = entry.path().filename().string();
    return name == "sdme-links" || name.starts_with("sdz-");
  });
}

Finding forwarding(const std::string& root) {
  for (const auto& file : files_in(root, {"/etc/sysctl.d", "/run/sysctl.d", "/usr/lib/sysctl.d"}, ".conf")) {
    std::istringstream lines(content(file));
    for (std::string line; std::getline(lines, line);) {
      std::erase_if(line, [](char c) { return c == ' ' || c == '\t' || c == '-'; });
      std::ranges::replace(line, '/', '.');
      if (line != "net.ipv4.ip_forward=0") continue;
      return {
          Level::kProblem, "forwarding",
          file.string().substr(root.size()) +
              " turns IP forwarding off: whenever it is applied, containers with network veth or zone do not get out",
          "remove the line net.ipv4.ip_forward there, or set it to 1"};
    }
  }
  if (content(root + "/proc/sys/net/ipv4/ip_forward").starts_with('0') && has_network(root)) {
    return {Level::kProblem, "forwarding",
            "IP forwarding was turned off while networks of sdmed are up: containers with network veth or zone do not "
            "get out",
            "'sysctl net.ipv4.ip_forward=1', and find out who turns it off"};
  }
  return {Level::kOk, "forwarding", "nothing turns IP forwarding off; sdmed turns it on where a network needs it", ""};
}

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

Finding ids(const std::string& root) {
  std::vector<std::string> users;
  for (const char* file : {"/etc/subuid", "/etc/subgid"}) {
    std::istringstream lines(content(root + file));
    for (std::string line; std::getline(lines, line);) {
      const auto parts = split(line, ':');
      if (parts.size() != 3 || line.starts_with('#')) continue;
      const auto first = number(parts[1]);
      const auto count = number(parts[2]);
      const bool overlaps = count > 0 && first <= kLastId && first + count > kFirstId;
      if (overlaps && !std::ranges::contains(users, parts[0])) users.push_back(parts[0]);
    }
  }
  if (users.empty()) return {Level::kOk, "ids", "nobody else has ids of the range of containers", ""};
  return {Level::kNote, "ids",
          fmt::format(
              "{} has ids of the range of containers ({} to {}) in /etc/subuid or /etc/subgid; sdmed passes over them",
              join(users, ", "), kFirstId, kLastId),
          "give them ids outside of it, so that more are free and no other program mixes them up"};
}

// Each guest's systemd takes some, and all guests share what the host has.
Finding inotify(const std::string& root) {
  const auto text = content(root + "/proc/sys/fs/inotify/max_user_instances");
  const auto most = number(text.substr(0, text.find('\n')));
  if (most == 0 || most >= kFewInstances) return {Level::kOk, "inotify", "there is room for many containers", ""};
  return {
      Level::kNote, "inotify",
      fmt::format("all containers together may have {} inotify instances: some dozen can run at the same time", most),
      "run 'sysctl --system', for sdmed brings a file that allows more; if another one says less, have "
      "'fs.inotify.max_user_instances = 4096' in a file of /etc/sysctl.d"};
}

Finding apparmor(const std::string& root) {
  if (content(root + "/sys/module/apparmor/parameters/enabled").starts_with('Y'))
    return {Level::kOk, "apparmor", "it is enabled", ""};
  return {Level::kNote, "apparmor", "AppArmor is not enabled: containers with --apparmor-profile do not start",
          "boot a kernel with apparmor=1 security=apparmor, or use no profile"};
}

Finding machined(const std::string& root) {
  if (fs::exists(root + "/usr/lib/systemd/systemd-machined") || fs::exists(root + "/lib/systemd/systemd-machined"))
    return {Level::kOk, "machined", "machinectl(1) shows running containers", ""};
  return {Level::kNote, "machined", "systemd-machined is missing, so machinectl(1) does not show containers",
          "install systemd-container"};
}

// Of a .network file: whether it says by name that it is for one of ours. One that says nothing by name is for others'
// kinds of links.
bool matches_ours(const std::string& text) {
  std::istringstream lines(text);
  bool in_match = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('[')) in_match = line.starts_with("[Match]");
    if (!in_match || !line.starts_with("Name=")) continue;
    std::istringstream patterns(line.substr(5));
    for (std::string pattern; patterns >> pattern;) {
      for (const char* interface : kInterfaces) {
        if (fnmatch(pattern.c_str(), interface, 0) == 0) return true;
      }
    }
  }
  return false;
}

Finding networkd(const std::string& root) {
  std::vector<std::string> files;
  for (const auto& file :
       files_in(root, {"/etc/systemd/network", "/run/systemd/network", "/usr/lib/systemd/network"}, ".network")) {
    if (matches_ours(content(file))) files.push_back(file.string().substr(root.size()));
  }
  if (files.empty()) return {Level::kOk, "networkd", "no file of systemd-networkd is for interfaces of sdmed", ""};
  return {Level::kProblem, "networkd",
          join(files, ", ") + " is for interfaces of sdmed, too: systemd-networkd takes their addresses away",
          "name other interfaces in its Name=, or exclude sd* with '!sd*'"};
}

}  // namespace

std::vector<Finding> examine_host(const std::string& root, const std::string& release, const HostReport& report) {
  return {kernel(release),        overlayfs(root, release), user_namespaces(root), control_groups(root), tools(root),
          firewall(root, report), rules(report.lost_rules), forwarding(root),      networkd(root),       ids(root),
          inotify(root),          machined(root),           apparmor(root)};
}

Finding examine_space(const std::string& store) {
  struct statvfs space = {};
  if (::statvfs(store.c_str(), &space) < 0)
    return {Level::kNote, "space", store + " cannot be looked at", "'systemctl status sdmed' may tell more"};
  const auto free = std::uint64_t{space.f_bavail} * space.f_frsize;
  const auto inodes_left =
      space.f_files == 0 ? 1.0 : static_cast<double>(space.f_favail) / static_cast<double>(space.f_files);
  if (free < kLeastFree)
    return {Level::kProblem, "space", store + " has only " + human_bytes(free) + " left",
            "'sdmectl fs gc' and 'sdmectl fs cache clean --all' free some"};
  if (inodes_left < 0.02)
    return {Level::kProblem, "space", "the file system of " + store + " has hardly any room for more files",
            "remove what is not needed: 'sdmectl fs ls' and 'sdmectl ps'"};
  return {Level::kOk, "space", store + " has " + human_bytes(free) + " left", ""};
}

}  // namespace sdme::client
