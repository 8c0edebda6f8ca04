// SPDX-License-Identifier: MIT
#include "machine/root.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "layer/stack.hpp"
#include "machine/host_mounts.hpp"
#include "machine/seed.hpp"
#include "machine/upper.hpp"
#include "os/dir.hpp"
#include "os/file.hpp"
#include "os/mount.hpp"
#include "os/namespaces.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

constexpr std::size_t kLongestMountinfo = 16 * 1024 * 1024;

// Mounts everything below one tmpfs: copies of what the overlays are made of, and the root.
class Assembly {
 public:
  explicit Assembly(const model::ContainerRecord& record)
      : record_(record), place_(layout::runtime(layout::kInitMounts)) {
    static_cast<void>(os::Dir::make(layout::kRuntime, 0755));
    static_cast<void>(os::Dir::make(place_, 0700));
    os::mount_tmpfs(place_);
    if (!record.definition.userns) return;
    range_ = take_uid_range(record.name.str(), IdSources::of_host());
    users_ = os::user_namespace(range_->base);
  }

  Root finish() {
    show(layout::container(record_.name.str()), "container");
    mount_first();
    if (record_.definition.host_clone) mount_others();
    return {.directory = root(), .range = std::move(range_)};
  }

 private:
  std::string root() const { return layout::runtime(layout::kInitRoot); }
  uid_t owner() const { return range_ ? range_->base : 0; }

  // Attaches a mount at a new directory, with the ids of the user namespace if there is one.
  std::string show_mount(const os::UniqueFd& mount, const std::string& what, const std::string& as) {
    const auto at = place_ + "/" + as;
    static_cast<void>(os::Dir::make(at, 0700));
    if (users_) os::idmap(mount, users_, what);
    os::attach_mount(mount, at);
    return at;
  }
  std::string show(const std::string& path, const std::string& as) {
    return show_mount(os::clone_mount(path), text::quoted(path), as);
  }

  // The overlay of a pair of directories in the container's own.
  os::UniqueFd overlay_on(std::vector<std::string> lower, const std::string& pair) const {
    const auto own = place_ + "/container/" + pair;
    return os::make_overlay(
        {.lower = std::move(lower), .upper = own + layout::kUpper, .work = own + layout::kWork, .owner = owner()});
  }

  void mount_first() {
    std::vector<std::string> lower;
    if (record_.definition.host_clone) lower.push_back(show("/", "layers/0"));
    for (const auto& id : record_.layers) {
      lower.push_back(show(layout::layer_tree(id), "layers/" + std::to_string(lower.size())));
    }
    static_cast<void>(os::Dir::make(root(), 0755));
    os::attach_mount(overlay_on(std::move(lower), ""), root());
  }

  // One that cannot be shown, such as a VFAT of the boot loader's, is left out: the clone then sees
  // the empty directory below it.
  void mount_others() {
    const auto self = os::Dir::open("/proc/self");
    const auto mountinfo = os::read_all(self.open_file("mountinfo", O_RDONLY).get(), kLongestMountinfo, "mountinfo");
    const auto seeds = plan_seeds(record_.name.str(), record_.definition, HostFacts::of(layer::Stack::of_host()));
    for (const auto& mount : host_mounts(mountinfo, record_.definition.opaque_dirs)) {
      try {
        mount_other(mount, seeds);
      } catch (const Error& error) {
        log::warning("the clone does not show " + text::quoted(mount.path) + ": " + error.message());
      }
    }
  }

  void mount_other(const HostMount& mount, const Seeds& seeds) {
    struct stat found = {};
    if (stat(mount.path.c_str(), &found) < 0) throw_errno("looking at " + mount.path);
    if (!S_ISDIR(found.st_mode) || os::mount_id(mount.path) != mount.id) return;  // one file, or covered
    make_pair_for(mount, seeds);
    const auto lower = show(mount.path, "mounts/" + mount.escaped);
    const auto overlay = overlay_on({lower}, std::string(layout::kSubmounts) + "/" + mount.escaped + "/");
    // The guest may have made a link of its directory; that must not lead us anywhere.
    const auto place = os::Dir::open(root()).open_dir(mount.path.substr(1));
    os::attach_mount(overlay, place.fd());
  }

  void make_pair_for(const HostMount& mount, const Seeds& seeds) const {
    const auto own = os::Dir::open(layout::container(record_.name.str()) + "/" + layout::kSubmounts);
    if (own.exists(mount.escaped)) return;
    const auto aside = "." + mount.escaped.substr(0, 200);  // a crash must not leave a half filled one
    if (own.exists(aside)) os::tree_remove(own, aside);
    const auto pair = own.make_dir(aside, 0700);
    const auto upper_dir = pair.make_dir(layout::kUpper, 0755);
    static_cast<void>(pair.make_dir(layout::kWork, 0700));
    const auto lower = layer::Stack::of_directory(mount.path);
    Upper upper(upper_dir, lower);
    sow(seeds_below(seeds, mount.path), upper);
    own.rename(aside, own, mount.escaped);
  }

  const model::ContainerRecord& record_;
  std::string place_;
  std::optional<UidRange> range_;
  os::UniqueFd users_;
};

}  // namespace

Root mount_root(const model::ContainerRecord& record) {
  os::own_mount_namespace();
  return Assembly(record).finish();
}

void check_init(const std::string& root) {
  constexpr std::array kInits = {"usr/lib/systemd/systemd", "lib/systemd/systemd", "sbin/init"};  // those of nspawn
  const auto tree = os::Dir::open(root);
  const bool found = std::ranges::any_of(kInits, [&](const char* path) {
    const auto fd = layer::open_in_root(tree, path, O_PATH);
    struct stat init = {};
    return fd && fstat(fd.get(), &init) == 0 && S_ISREG(init.st_mode) && (init.st_mode & 0111U) != 0;
  });
  if (!found) {
    throw Error(Errc::kNotSupported,
                "the root filesystem has no init to boot: neither systemd nor /sbin/init is in it");
  }
}

}  // namespace sdme::machine
