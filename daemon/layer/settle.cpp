// SPDX-License-Identifier: MIT
#include "layer/settle.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "archive/entry_path.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "layer/content.hpp"
#include "layer/merge.hpp"
#include "layer/unsettled_tree.hpp"

namespace sdme::layer {

namespace {

std::string parent_of(const std::string& path) { return std::string(archive::parent_path(path)); }
std::string name_of(const std::string& path) { return std::string(archive::last_name(path)); }

class Settling {
 public:
  Settling(const os::Dir& tree, const Stack& below, archive::Unsettled unsettled, archive::Budget& budget)
      : below_(below), descent_(below), tree_(tree, below, std::move(unsettled), budget) {}

  void run() {
    settle_all_implied();
    for (const auto& link : tree_.take_links()) {
      make_link(link);
      settle_all_implied();  // where something was copied
    }
    if (tree_.is_opaque("")) hide_all_below();
    for (const auto& directory : tree_.take_whiteouts()) drop_idle_whiteouts(directory);
    tree_.finish();
  }

 private:
  void settle_all_implied() {
    while (const auto path = tree_.take_implied()) settle_implied(*path);
  }

  void settle_implied(const std::string& path) {
    if (tree_.is_hidden(path)) return;
    if (const auto like = descent_.find_dir("/" + path)) return tree_.take_likeness(path, like->fd());
    if (path.empty()) return;
    const auto found = tree_.lower(path);
    if (found && S_ISLNK(found->st_mode)) move_to_target(tree_, path);
  }

  // In order, the target of one may be the name of another. One that a later entry replaced has lost
  // its place.
  void make_link(const archive::Unsettled::Link& link) {
    const auto place = tree_.own(link.path);
    if (!place || !is_whiteout(*place)) return;
    const auto target = joined(tree_.resolve(parent_of(link.target)), name_of(link.target));
    const auto what = "that is a hard link to " + text::quoted(link.target) + ", which is ";
    if (const auto copy = copies_.find(target); copy != copies_.end()) return put_link(link.path, copy->second);
    const auto there = tree_.own(target);
    const bool is_there = there && !is_whiteout(*there);
    const auto lower = tree_.lower(target);
    if ((is_there || lower) && S_ISDIR((lower ? lower : there)->st_mode)) {
      throw odd_layer(link.path, what + "a directory");
    }
    if (!lower && !is_there) throw odd_layer(link.path, what + "not there");
    if (lower && !(is_there && tree_.has_come_by_link(target))) {
      copy_for(link.path, target, there.has_value() || tree_.is_hidden(target));
    } else {
      put_link(link.path, target);
    }
  }

  // What the layer itself has in the target's place, or hides, came later than the link.
  void copy_for(const std::string& path, const std::string& target, bool is_taken) {
    if (is_taken) {
      if (unlinkat(tree_.change(parent_of(path)).get(), name_of(path).c_str(), 0) < 0) throw_errno(doing(path));
      copy_up(tree_, target, path);
      copies_.insert_or_assign(target, path);
    } else {
      copy_up(tree_, target, target);
      copies_.insert_or_assign(target, target);
      put_link(path, target);
    }
  }

  void put_link(const std::string& path, const std::string& target) {
    const auto from = tree_.change(parent_of(target));
    const auto to = tree_.change(parent_of(path));
    const auto name = name_of(path);
    const bool done = unlinkat(to.get(), name.c_str(), 0) == 0 &&
                      linkat(from.get(), name_of(target).c_str(), to.get(), name.c_str(), 0) == 0;
    if (!done) throw_errno(doing(path));
    copies_.insert_or_assign(path, path);
  }

  void hide_all_below() {
    const auto root = tree_.change("");
    for (const auto& name : below_.names("/")) {
      const auto own = tree_.own(name);
      if (own && S_ISDIR(own->st_mode)) tree_.white_out(name);
      if (!own && mknodat(root.get(), name.c_str(), S_IFCHR, 0) < 0) throw_errno(doing(name));
    }
  }

  bool merges(const std::string& directory) {
    if (!directory.empty() && (tree_.is_opaque(directory) || tree_.is_hidden(directory))) return false;
    return descent_.find_dir("/" + directory).has_value();
  }

  void drop_idle_whiteouts(const std::string& directory) {
    const auto own = tree_.own(directory);
    if (!own || !S_ISDIR(own->st_mode)) return;
    if (!merges(directory)) {
      const auto dir = tree_.change(directory);
      for (const auto& name : entries_of(directory)) {
        const auto found = tree_.own(joined(directory, name));
        if (found && is_whiteout(*found) && unlinkat(dir.get(), name.c_str(), 0) < 0) throw_errno(doing(directory));
      }
    }
    drop_if_idle(directory);
  }

  // Directories that were made for whiteouts alone, with nothing below them, are not in the image.
  void drop_if_idle(std::string directory) {
    while (!directory.empty() && is_idle(directory)) {
      const auto above = parent_of(directory);
      const auto name = name_of(directory);
      const auto dir = tree_.change(above);
      if (unlinkat(dir.get(), name.c_str(), AT_REMOVEDIR) < 0) throw_errno(doing(directory));
      if (tree_.is_renewed(directory) && merges(above) && mknodat(dir.get(), name.c_str(), S_IFCHR, 0) < 0) {
        throw_errno(doing(directory));
      }
      tree_.removed(directory);
      directory = above;
    }
  }

  bool is_idle(const std::string& directory) {
    const auto own = tree_.own(directory);
    if (!own || !S_ISDIR(own->st_mode)) return false;
    if (tree_.is_renewed(directory)) return entries_of(directory).empty();
    if (!tree_.is_implied(directory) || !entries_of(directory).empty()) return false;
    return tree_.is_hidden(directory) || !descent_.find_dir("/" + directory);
  }

  std::vector<std::string> entries_of(const std::string& directory) const {
    return tree_.root().open_dir(directory.empty() ? "." : directory).entries();
  }

  static std::string doing(const std::string& path) { return "settling " + text::quoted(path); }

  const Stack& below_;
  Descent descent_;
  UnsettledTree tree_;
  std::map<std::string, std::string> copies_;  // what a link's target was copied or linked to, by its path
};

}  // namespace

void settle(const os::Dir& tree, const Stack& below, archive::Unsettled unsettled, archive::Budget& budget) {
  Settling(tree, below, std::move(unsettled), budget).run();
}

}  // namespace sdme::layer
