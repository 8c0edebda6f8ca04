// SPDX-License-Identifier: MIT
#include "machine/root.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "layer/stack.hpp"
#include "machine/assembly.hpp"
#include "machine/host_mounts.hpp"
#include "machine/seed.hpp"
#include "machine/upper.hpp"
#include "machine/written.hpp"
#include "os/dir.hpp"
#include "os/file.hpp"
#include "os/mount.hpp"
#include "os/namespaces.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

constexpr std::size_t kLongestMountinfo = 16 * 1024 * 1024;

std::optional<UidRange> range_for(const model::ContainerRecord& record) {
  if (!record.definition.userns) return std::nullopt;
  return take_uid_range(record.name.str(), IdSources::of_host());
}

// The root of a container, and of a clone what the host has mounted below its own.
class ContainerRoot {
 public:
  explicit ContainerRoot(const model::ContainerRecord& record)
      : record_(record),
        range_(range_for(record)),
        assembly_(layout::runtime(layout::kInitMounts), range_ ? std::optional(range_->base) : std::nullopt),
        own_(assembly_.show(written_of(record.name.str()).path(), "container")) {}

  Root finish() {
    mount_first();
    if (record_.definition.host_clone) mount_others();
    return {.directory = root(), .range = std::move(range_)};
  }

 private:
  std::string root() const { return layout::runtime(layout::kInitRoot); }

  void mount_first() {
    std::vector<std::string> lower;
    if (record_.definition.host_clone) lower.push_back(assembly_.show("/", "layers/0"));
    for (const auto& id : record_.layers) {
      lower.push_back(assembly_.show(layout::layer_tree(id), "layers/" + std::to_string(lower.size())));
    }
    static_cast<void>(os::Dir::make(root(), 0755));
    os::attach_mount(assembly_.overlay(std::move(lower), own_), root());
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
    const auto lower = assembly_.show(mount.path, "mounts/" + mount.escaped);
    const auto overlay = assembly_.overlay({lower}, own_ + "/" + layout::kSubmounts + "/" + mount.escaped);
    // The guest may have made a link of its directory; that must not lead us anywhere.
    const auto place = os::Dir::open(root()).open_dir(mount.path.substr(1));
    os::attach_mount(overlay, place.fd());
  }

  void make_pair_for(const HostMount& mount, const Seeds& seeds) const {
    const auto own = written_of(record_.name.str()).open_dir(layout::kSubmounts);
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
  std::optional<UidRange> range_;
  Assembly assembly_;
  std::string own_;  // what the container wrote, as the assembly shows it
};

}  // namespace

Root mount_root(const model::ContainerRecord& record) {
  os::own_mount_namespace();
  return ContainerRoot(record).finish();
}

namespace {

// Where /lib is a directory of its own, as in Debian 11, it has the units.
bool has_unit(const os::Dir& tree, const std::string& name) {
  return std::ranges::any_of(std::array{"usr/lib/systemd/system/", "lib/systemd/system/"}, [&](const char* place) {
    return static_cast<bool>(layer::open_in_root(tree, place + name, O_PATH));
  });
}

}  // namespace

bool has_networkd(const std::string& root) {
  const auto tree = os::Dir::open(root);
  return has_unit(tree, "systemd-networkd.service") && !has_unit(tree, "NetworkManager.service");
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
