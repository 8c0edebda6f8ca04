// SPDX-License-Identifier: MIT
#include "machine/guest.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/namespaces.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

constexpr const char* kManagerSocket = "/run/systemd/private";
constexpr unsigned kConnectSeconds = 8;  // less than kGuestPatience, so that the sentence is ours
constexpr int kConnectTries = 20;
constexpr int kBetweenTriesMsec = 100;
constexpr unsigned kTtyMajor = 5;
constexpr unsigned kPtmxMinor = 2;

// Makes this process, a child that ends soon, root of the guest; children that it forks are in the
// guest's pid namespace, it itself is not, and so the guest does not see it.
void enter(const Leader& leader) {
  constexpr int kSpaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  if (setns(leader.process.fd.get(), kSpaces | (leader.own_users ? CLONE_NEWUSER : 0)) < 0) {
    throw_errno("entering the container");
  }
  if (setgroups(0, nullptr) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) {
    throw_errno("becoming root of the container");
  }
}

// In the guest's pid namespace, where its processes could trace this one: so it has one socket and
// nothing else, and no right beyond the guest's root's own.
[[noreturn]] void connect_as_guest(int socket, const sockaddr_un& address) {
  const auto last = static_cast<unsigned>(socket);
  if (last > 0) close_range(0, last - 1, 0);
  close_range(last + 1, ~0U, 0);
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const std::unique_ptr<std::remove_pointer_t<cap_t>, int (*)(void*)> none(cap_init(), cap_free);
  if (!none || cap_set_proc(none.get()) < 0) _exit(errno);
  alarm(kConnectSeconds);  // a backlog that nobody empties
  for (int left = kConnectTries;; --left) {
    if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) _exit(0);
    const bool may_come = errno == ENOENT || errno == ECONNREFUSED;  // as while systemd executes itself anew
    if (!may_come || left == 0) _exit(errno);
    poll(nullptr, 0, kBetweenTriesMsec);
  }
}

// systemd asks who connects, and takes only root, of a process that it can see. So the connection
// is made by a grandchild in the guest's pid namespace, and is ours as it shares the socket.
std::vector<os::UniqueFd> connect_inside(const Leader& leader) {
  enter(leader);
  os::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) throw_errno("making a socket");
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, kManagerSocket, sizeof address.sun_path - 1);
  const pid_t child = fork();
  if (child < 0) throw_errno("starting a process in the container");
  if (child == 0) connect_as_guest(socket.get(), address);
  int status = 0;
  if (waitpid(child, &status, 0) < 0) throw_errno("waiting for a process in the container");
  if (status != 0) {
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : ETIMEDOUT;
    throw_errno("connecting to it");
  }
  std::vector<os::UniqueFd> fds;
  fds.push_back(std::move(socket));
  return fds;
}

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// By the guest's /etc/passwd alone: nothing else of the guest's runs here.
std::optional<uid_t> uid_inside(const std::string& user) {
  if (user.empty() || user == "root") return 0;
  if (const auto number = text::to_unsigned(user); number && *number < UINT32_MAX) return static_cast<uid_t>(*number);
  os::UniqueFd fd(::open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat found = {};
  if (!fd || fstat(fd.get(), &found) < 0 || !S_ISREG(found.st_mode)) return std::nullopt;
  const std::unique_ptr<std::FILE, FileCloser> file(fdopen(fd.release(), "re"));
  while (const auto* entry = file ? fgetpwent(file.get()) : nullptr) {
    if (user == entry->pw_name) return entry->pw_uid;
  }
  return std::nullopt;
}

std::vector<os::UniqueFd> terminal_inside(const Leader& leader, const std::string& user) {
  enter(leader);
  std::vector<os::UniqueFd> fds;
  fds.emplace_back(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  const int master = fds.back().get();
  if (master < 0) throw_errno("opening a terminal in the container");
  struct statfs file_system = {};
  struct stat found = {};
  const bool is_ptmx = fstatfs(master, &file_system) == 0 && file_system.f_type == DEVPTS_SUPER_MAGIC &&
                       fstat(master, &found) == 0 && S_ISCHR(found.st_mode) &&
                       found.st_rdev == makedev(kTtyMajor, kPtmxMinor);
  if (!is_ptmx) throw Error(Errc::kNotSupported, "/dev/ptmx in the container is no terminal multiplexer");
  const int unlock = 0;
  if (ioctl(master, TIOCSPTLCK, &unlock) < 0 || fcntl(master, F_SETFL, O_RDWR) < 0) throw_errno("unlocking a terminal");
  fds.emplace_back(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  const int slave = fds.back().get();
  if (slave < 0) throw_errno("opening a terminal in the container");
  // A user whom only the guest's NSS knows does without: programs that open their terminal again are at a loss.
  const auto uid = uid_inside(user);
  if (uid && fchown(slave, *uid, static_cast<gid_t>(-1)) < 0) throw_errno("giving a terminal to its user");
  return fds;
}

}  // namespace

std::optional<Leader> find_leader(pid_t main_pid) {
  auto process = os::find_init(main_pid);
  if (!process) return std::nullopt;
  const bool own_users = !os::shares_user_namespace(process->pid);
  return Leader{.process = std::move(*process), .own_users = own_users};
}

Leader leader_of(systemd::Pid1& pid1, const std::string& name) {
  const auto state = pid1.service(layout::container_unit(name));
  // One that still boots can be entered, to see why it takes so long.
  auto leader = state.ended() ? std::nullopt : find_leader(state.main_pid);
  if (!leader) throw Error(Errc::kNotRunning, "container '" + name + "' is not running");
  return std::move(*leader);
}

systemd::Pid1 service_manager_of(const Leader& leader) {
  try {
    auto fds = os::fds_from_child(kGuestPatience, [&] { return connect_inside(leader); });
    if (fds.size() != 1) throw Error(Errc::kInternal, "no connection came back");
    return {std::move(fds[0]), kGuestPatience};
  } catch (const Error& error) {
    if (error.code() == Errc::kCancelled || error.code() == Errc::kTimedOut) throw;
    throw Error(Errc::kCommandFailed, "the container's systemd cannot be reached: " + error.message(), error.where());
  }
}

Terminal open_terminal(const Leader& leader, const std::string& user) {
  auto fds = os::fds_from_child(kGuestPatience, [&] { return terminal_inside(leader, user); });
  unsigned number = 0;
  if (fds.size() != 2 || ioctl(fds[0].get(), TIOCGPTN, &number) < 0) throw_errno("asking for a terminal's number");
  return {.master = std::move(fds[0]), .slave = std::move(fds[1]), .path = "/dev/pts/" + std::to_string(number)};
}

}  // namespace sdme::machine
