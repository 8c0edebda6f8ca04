// SPDX-License-Identifier: MIT
#include "layer/content.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "archive/entry_path.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "layer/likeness.hpp"

namespace sdme::layer {

namespace {

constexpr std::uint64_t kUnit = 512;  // of st_blocks: stat(2)
constexpr std::size_t kBlock = std::size_t{256} * 1024;

std::string doing(const std::string& path) { return "copying " + text::quoted(path) + " from a lower layer"; }

void copy_range(int from, int to, off_t start, off_t end, const std::string& path) {
  std::vector<char> block(kBlock);
  while (start < end) {
    const auto got =
        pread(from, block.data(), std::min<std::size_t>(block.size(), static_cast<std::size_t>(end - start)), start);
    if (got < 0) throw_errno(doing(path));
    if (got == 0) return;
    for (ssize_t done = 0; done < got;) {
      const auto written = pwrite(to, block.data() + done, static_cast<std::size_t>(got - done), start + done);
      if (written < 0) throw_errno(doing(path));
      done += written;
    }
    start += got;
  }
}

// Shares the blocks where the file system can.
void copy_content(int from, int to, off_t size, const std::string& path) {
  if (ioctl(to, FICLONE, from) == 0) return;
  for (off_t at = 0; at < size;) {
    const auto data = lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // the rest is a hole
    const auto hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
    if (data < 0 || hole < 0) throw_errno(doing(path));
    copy_range(from, to, data, hole, path);
    at = hole;
  }
  if (ftruncate(to, size) < 0) throw_errno(doing(path));
}

void copy_file(int like, const struct stat& found, int dir, const std::string& name, const std::string& path) {
  const auto source = "/proc/self/fd/" + std::to_string(like);
  const os::UniqueFd from(open(source.c_str(), O_RDONLY | O_CLOEXEC));
  const os::UniqueFd to(openat(dir, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!from || !to) throw_errno(doing(path));
  copy_content(from.get(), to.get(), found.st_size, path);
}

void copy_link(int like, int dir, const std::string& name, const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const auto length = readlinkat(like, "", target.data(), target.size());
  if (length < 0) throw_errno(doing(path));
  target.resize(static_cast<std::size_t>(length));
  if (symlinkat(target.c_str(), dir, name.c_str()) < 0) throw_errno(doing(path));
}

}  // namespace

void copy_up(UnsettledTree& tree, const std::string& below, const std::string& path) {
  const auto like = tree.below().open_name("/" + below);
  struct stat found = {};
  if (!like || fstat(like.get(), &found) < 0) throw_errno(doing(path));
  tree.budget().spend_entry();
  tree.budget().spend_bytes(static_cast<std::uint64_t>(found.st_blocks) * kUnit);
  const auto dir = tree.change(std::string(archive::parent_path(path)));
  const std::string name(archive::last_name(path));
  if (S_ISREG(found.st_mode)) {
    copy_file(like.get(), found, dir.get(), name, path);
  } else if (S_ISLNK(found.st_mode)) {
    copy_link(like.get(), dir.get(), name, path);
  } else if (mknodat(dir.get(), name.c_str(), found.st_mode, found.st_rdev) < 0) {
    throw_errno(doing(path));
  }
  const os::UniqueFd made(openat(dir.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!made) throw_errno(doing(path));
  make_like(like.get(), made.get(), path);
  set_modified(made.get(), found.st_mtim, path);
}

}  // namespace sdme::layer
