// SPDX-License-Identifier: MIT
#include "provision/new_layer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "machine/upper.hpp"
#include "store/layout.hpp"

namespace sdme::provision {

namespace {

constexpr const char* kResolvConf = "etc/resolv.conf";
constexpr const char* kPolicy = "usr/sbin/policy-rc.d";
constexpr const char* kPolicyText = "#!/bin/sh\nexit 101\n";  // "action not allowed", invoke-rc.d(8)
constexpr const char* kLogind = "/etc/systemd/system/systemd-logind.service";
constexpr const char* kMachineId = "etc/machine-id";

// Made at the first boot where they are not there; two machines with the same ones are mistaken for each other.
constexpr std::array kOfOneMachine = {"var/lib/dbus/machine-id", "var/lib/systemd/random-seed",
                                      "var/lib/systemd/credential.secret"};

// A directory that is being counted, and the names in it that are still to come.
struct Level {
  os::Dir dir;
  std::vector<std::string> names;
};

std::optional<Level> enter(const os::Dir& parent, const std::string& name) {
  auto dir = parent.find_dir(name);
  if (!dir) return std::nullopt;
  auto names = dir->entries();
  return Level{std::move(*dir), std::move(names)};
}

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The directory of a path below the tree; nothing when a link or a file is in the way by now.
std::optional<os::Dir> holder(const os::Dir& tree, const std::string& path) { return tree.find_dir(parent_of(path)); }

bool is_regular(const os::Dir& dir, const std::string& name) {
  const auto found = dir.stat(name);
  return found && S_ISREG(found->st_mode);
}

}  // namespace

layer::Measure measure(const os::Dir& tree) {
  layer::Measure sum;
  std::set<ino_t> linked;  // files with several names, whose content counts once
  std::vector<Level> levels;
  if (auto top = enter(tree, ".")) levels.push_back(std::move(*top));
  while (!levels.empty()) {
    auto& level = levels.back();
    if (level.names.empty()) {
      levels.pop_back();
      continue;
    }
    const auto name = std::move(level.names.back());
    level.names.pop_back();
    const auto found = level.dir.stat(name);
    if (!found) continue;
    ++sum.entries;
    const bool again = found->st_nlink > 1 && !linked.insert(found->st_ino).second;
    if (S_ISREG(found->st_mode) && !again) sum.size += static_cast<std::uint64_t>(found->st_size);
    if (!S_ISDIR(found->st_mode)) continue;
    if (auto next = enter(level.dir, name)) levels.push_back(std::move(*next));
  }
  return sum;
}

NewLayer::NewLayer(const os::Dir& staging, const layer::Stack& below, const std::string& resolv_conf)
    : staging_(staging), install_(staging.make_dir(layout::kInstall, 0700)) {
  const auto made = install_.make_dir(layout::kUpper, 0755);
  static_cast<void>(install_.make_dir(layout::kWork, 0700));
  loans_.push_back({kResolvConf, resolv_conf, 0644});
  const bool has_dpkg = below.find_dir("/var/lib/dpkg") && below.find_dir("/usr/sbin");
  if (has_dpkg) loans_.push_back({kPolicy, kPolicyText, 0755});
  machine::Upper upper(made, below);
  for (const auto& loan : loans_) upper.file("/" + loan.path, loan.text, loan.mode);
  // Images that were never meant to boot have it so.
  if (below.link_target(kLogind) == "/dev/null") upper.hide(kLogind);
  upper.finish();
}

os::Dir NewLayer::tree() const { return install_.open_dir(layout::kUpper); }

void NewLayer::take_back(const os::Dir& tree, const Loan& loan) {
  const auto dir = holder(tree, loan.path);
  const auto name = name_of(loan.path);
  if (!dir || !is_regular(*dir, name) || dir->stat(name)->st_size != static_cast<off_t>(loan.text.size())) return;
  // Removed from the upper directory itself, so that what the layers below have is seen again.
  if (dir->read(name, loan.text.size()) == loan.text) dir->remove(name);
}

void NewLayer::tidy() {
  const auto made = tree();
  for (const auto& loan : loans_) take_back(made, loan);
  loans_.clear();
  for (const char* path : kOfOneMachine) {
    const auto dir = holder(made, path);
    if (dir && is_regular(*dir, name_of(path))) dir->remove(name_of(path));
  }
  const auto etc = holder(made, kMachineId);
  if (!etc || !is_regular(*etc, name_of(kMachineId))) return;
  // Empty and not absent: then the guest's systemd only fills it, and takes nothing for a first boot.
  const auto id = etc->open_file(name_of(kMachineId), O_WRONLY);
  if (ftruncate(id.get(), 0) < 0) throw_errno("emptying the machine id");
}

void NewLayer::settle(const std::string& id, const layer::Measure& measure) {
  auto there = staging_.find_dir(layout::kLayers);
  // Not by its path: who has a mount namespace of its own by now would find another mount there.
  const auto layers = there ? std::move(*there) : staging_.make_dir(layout::kLayers, 0700);
  const auto layer = layers.make_dir(id, 0755);
  install_.rename(layout::kUpper, layer, layout::kTree);
  layer::keep_measure(layer, measure);
  os::tree_remove(staging_, layout::kInstall);
  if (syncfs(staging_.fd()) < 0) throw_errno("syncing the store");
}

}  // namespace sdme::provision
