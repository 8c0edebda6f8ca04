// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/dir.hpp"

namespace sdme::os {

namespace {

struct StreamCloser {
  void operator()(DIR* stream) const { closedir(stream); }
};

// Never across a mount, also not one of the same file system, which st_dev would not tell.
UniqueFd open_within_mount(int dir, const std::string& name, int flags) {
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return UniqueFd(static_cast<int>(syscall(SYS_openat2, dir, name.c_str(), &how, sizeof how)));
}

// A guest's root may set these (systemd-nspawn leaves it CAP_LINUX_IMMUTABLE); nothing goes while they are on.
bool clear_flags(int fd) {
  constexpr int kStopping = FS_IMMUTABLE_FL | FS_APPEND_FL;
  int flags = 0;
  if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 || (flags & kStopping) == 0) return false;
  flags &= ~kStopping;
  return ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}

bool clear_flags_of_entry(int dir, const std::string& name) {
  struct stat found = {};
  if (fstatat(dir, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) < 0) return false;
  if (!S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode)) return false;
  const auto fd = open_within_mount(dir, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOATIME);
  return fd && clear_flags(fd.get());
}

// Each subvolume has one of its own.
dev_t device_of(const UniqueFd& directory) {
  struct stat found = {};
  if (fstat(directory.get(), &found) < 0) throw_errno("looking at a directory");
  return found.st_dev;
}

// A subdirectory that is not empty is moved up into the top under a name of ours and emptied there. So there are
// at most two open directories, and neither the stack nor any path grows with the depth of the tree; each entry
// is looked at a fixed number of times, and no list of names is kept, however wide the tree is. Only a subvolume of
// btrfs, from which nothing can be moved up, is emptied by a removal of its own.
class Removal {
 public:
  Removal(int parent, std::string path, std::string name, UniqueFd top)
      : parent_(parent),
        path_(std::move(path)),
        name_(std::move(name)),
        top_(std::move(top)),
        prefix_(".removing-" + unique() + "-") {}

  void run() {
    do {
      progress_ = false;
      empty(top_.get());
      while (!parked_.empty()) {
        const auto parked = prefix_ + std::to_string(parked_.back());
        parked_.pop_back();
        remove_parked(parked);
      }
      if (remove_at(parent_, name_, AT_REMOVEDIR) == 0) return;
    } while (errno == ENOTEMPTY && progress_);
    fail("", errno);
  }

 private:
  static std::string unique() {
    unsigned char bytes[4] = {};
    if (getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) throw_errno("drawing a random number");
    return text::lower_hex(bytes, sizeof bytes);
  }

  // `name` is of the entry, somewhere in the tree; "" of the tree itself.
  [[noreturn]] void fail(const std::string& name, int number) const {
    const auto where = text::printable(path_ + "/" + name_ + (name.empty() ? "" : "/…/" + name), 512);
    if (number == EBUSY || number == EXDEV) throw Error(Errc::kBusy, where + " is a mount point and stays");
    throw Error::from_errno(number, "removing " + where);
  }

  // 0, or -1 with errno; gone already is fine. Flags in the way are cleared once.
  int remove_at(int dir, const std::string& name, int how) {
    if (unlinkat(dir, name.c_str(), how) == 0 || errno == ENOENT) return 0;
    if (errno != EPERM) return -1;
    const bool cleared_dir = dir != parent_ && clear_flags(dir);
    const bool cleared_entry = clear_flags_of_entry(dir, name);
    if (cleared_dir || cleared_entry) {
      if (unlinkat(dir, name.c_str(), how) == 0 || errno == ENOENT) return 0;
    } else {
      errno = EPERM;
    }
    return -1;
  }

  // One pass over a directory. File systems may skip entries while others go: the caller comes again.
  void empty(int dir) {
    UniqueFd again = open_within_mount(dir, ".", O_RDONLY | O_DIRECTORY);
    const std::unique_ptr<DIR, StreamCloser> stream(again ? fdopendir(again.get()) : nullptr);
    if (!stream) fail(".", errno);
    static_cast<void>(again.release());  // closedir() closes it
    while (true) {
      errno = 0;
      const dirent* entry = readdir(stream.get());
      if (entry == nullptr && errno != 0) fail(".", errno);
      if (entry == nullptr) return;
      const std::string name = entry->d_name;
      const bool ours = dir == top_.get() && name.starts_with(prefix_);
      if (name != "." && name != ".." && !ours) remove_entry(dir, name);
    }
  }

  void remove_entry(int dir, const std::string& name) {
    progress_ = true;
    if (remove_at(dir, name, 0) == 0) return;
    const int of_unlink = errno;
    if (of_unlink != EISDIR && of_unlink != EPERM) fail(name, of_unlink);
    if (remove_at(dir, name, AT_REMOVEDIR) == 0) return;
    if (errno == ENOTDIR) fail(name, of_unlink);
    if (errno != ENOTEMPTY && errno != EEXIST) fail(name, errno);
    park(dir, name);
  }

  void park(int dir, const std::string& name) {
    const auto number = next_++;
    const auto parked = prefix_ + std::to_string(number);
    const auto move = [&] { return renameat2(dir, name.c_str(), top_.get(), parked.c_str(), RENAME_NOREPLACE); };
    if (move() < 0) {
      const int first = errno;
      clear_flags(top_.get());
      clear_flags_of_entry(dir, name);
      if (first != EPERM || move() < 0) fail(name, errno);
    }
    parked_.push_back(number);
  }

  void remove_parked(const std::string& name) {
    auto dir = open_within_mount(top_.get(), name, O_RDONLY | O_DIRECTORY);
    if (!dir) fail(name, errno);
    if (device_of(dir) != device_of(top_)) {
      progress_ = true;
      return Removal(top_.get(), path_ + "/" + name_, name, std::move(dir)).run();
    }
    do {
      progress_ = false;
      empty(dir.get());
      if (remove_at(top_.get(), name, AT_REMOVEDIR) == 0) {
        progress_ = true;
        return;
      }
    } while (errno == ENOTEMPTY && progress_);
    fail(name, errno);
  }

  const int parent_;
  const std::string path_;  // of the parent
  const std::string name_;
  const UniqueFd top_;
  const std::string prefix_;
  std::uint64_t next_ = 0;
  std::vector<std::uint64_t> parked_;
  bool progress_ = false;
};

}  // namespace

void tree_remove(const Dir& parent, const std::string& name) {
  if (const auto slash = name.rfind('/'); slash != std::string::npos) {
    const auto nearer = parent.find_dir(name.substr(0, slash));
    return nearer ? tree_remove(*nearer, name.substr(slash + 1)) : void();
  }
  const auto start = parent.stat(name);
  if (!start) return;
  if (!S_ISDIR(start->st_mode)) return parent.remove(name);
  auto top = open_within_mount(parent.fd(), name, O_RDONLY | O_DIRECTORY);
  if (!top && errno == EXDEV)
    throw Error(Errc::kBusy, parent.path() + "/" + text::printable(name) + " is a mount point and stays");
  if (!top) throw_errno("opening directory " + parent.path() + "/" + text::printable(name));
  Removal(parent.fd(), parent.path(), name, std::move(top)).run();
}

}  // namespace sdme::os
