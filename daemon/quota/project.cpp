// SPDX-License-Identifier: MIT
#include "quota/project.hpp"

#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <sys/ioctl.h>
#include <sys/quota.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"

namespace sdme::quota::project {

namespace {

constexpr std::uint64_t kBlock = 1024;  // QIF_DQBLKSIZE: what limits are counted in

fsxattr attributes(const os::Dir& directory) {
  fsxattr found = {};
  const bool knows = ioctl(directory.fd(), FS_IOC_FSGETXATTR, &found) == 0;
  if (!knows && errno != ENOTTY && errno != EOPNOTSUPP) throw_errno("asking for the project of " + directory.path());
  return found;
}

// quotactl_fd(2) of the file system that the directory is on: no path is walked, and no device is named.
int ask(const os::Dir& directory, int command, std::uint32_t project, void* data) {
  return static_cast<int>(syscall(SYS_quotactl_fd, directory.fd(), QCMD(command, PRJQUOTA), project, data));
}

bool is_enforced(const os::Dir& directory) {
  fs_quota_statv state = {};
  state.qs_version = FS_QSTATV_VERSION1;
  return ask(directory, Q_XGETQSTATV, 0, &state) == 0 && (state.qs_flags & FS_QUOTA_PDQ_ENFD) != 0;
}

}  // namespace

// What is counted for another project already is the administrator's to count: leaving it there keeps renames into
// and out of it working, which never cross the border of a project.
void join(const os::Dir& directory, std::uint32_t project) {
  auto wanted = attributes(directory);
  if (wanted.fsx_projid != 0) return;
  wanted.fsx_projid = project;
  wanted.fsx_xflags |= FS_XFLAG_PROJINHERIT;
  if (ioctl(directory.fd(), FS_IOC_FSSETXATTR, &wanted) == 0) return;
  if (errno != ENOTTY && errno != EOPNOTSUPP && errno != EINVAL) throw_errno("counting " + directory.path() + " apart");
}

std::optional<std::string> obstacle(const os::Dir& directory) {
  if (!is_enforced(directory)) {
    return "the store must be on an ext4 or XFS that is mounted with 'prjquota', or on a btrfs with quotas";
  }
  if (attributes(directory).fsx_projid == 0) {
    return "the container was made when its file system did not count what it writes; make it anew";
  }
  return std::nullopt;
}

std::uint64_t used(const os::Dir& directory) {
  if_dqblk found = {};
  if (ask(directory, Q_GETQUOTA, attributes(directory).fsx_projid, &found) == 0) return found.dqb_curspace;
  if (errno == ENOENT || errno == ESRCH) return 0;  // nothing is counted yet
  throw_errno("asking how much " + directory.path() + " holds");
}

// 0 is no limit. Rounded up, so that nobody gets less than was said.
void limit(const os::Dir& directory, std::optional<std::uint64_t> bytes) {
  if_dqblk wanted = {};
  wanted.dqb_bhardlimit = (bytes.value_or(0) + kBlock - 1) / kBlock;
  wanted.dqb_valid = QIF_BLIMITS;
  if (ask(directory, Q_SETQUOTA, attributes(directory).fsx_projid, &wanted) < 0)
    throw_errno("limiting what " + directory.path() + " may hold");
}

}  // namespace sdme::quota::project
