// SPDX-License-Identifier: MIT
#include "layer/merge.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <ranges>
#include <utility>
#include <vector>

#include "archive/entry_path.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "os/dir.hpp"

namespace sdme::layer {

namespace {

class Merge {
 public:
  explicit Merge(UnsettledTree& tree) : tree_(tree) {}

  // One directory into another, which may not be there yet, without recursion: trees are as deep as
  // their maker liked.
  void run(const std::string& from, const std::string& to) {
    to_do_.emplace_back(from, to);
    while (!to_do_.empty()) {
      const auto [source, target] = std::move(to_do_.back());
      to_do_.pop_back();
      emptied_.push_back(source);
      tree_.change(target);
      if (tree_.is_opaque(source)) tree_.make_opaque(target);
      for (const auto& name : tree_.root().open_dir(source).entries())
        place(joined(source, name), joined(target, name));
      tree_.merged(source, target);
    }
    for (const auto& path : emptied_ | std::views::reverse) remove(path, AT_REMOVEDIR);
  }

  void rename(const std::string& from, const std::string& to) {
    const auto source = tree_.change(std::string(archive::parent_path(from)));
    const auto target = tree_.change(std::string(archive::parent_path(to)));
    const std::string name(archive::last_name(from)), new_name(archive::last_name(to));
    if (renameat2(source.get(), name.c_str(), target.get(), new_name.c_str(), RENAME_NOREPLACE) < 0) {
      throw_errno("moving " + text::quoted(from) + " to " + text::quoted(to));
    }
    tree_.moved(from, to);
  }

 private:
  void place(const std::string& from, const std::string& to) {
    const auto moving = tree_.own(from), there = tree_.own(to);
    if (!there) return rename(from, to);
    if (is_whiteout(*moving) && !is_whiteout(*there)) {
      if (S_ISDIR(there->st_mode)) tree_.white_out(to);
      return remove(from, 0);
    }
    if (S_ISDIR(moving->st_mode) && S_ISDIR(there->st_mode)) return merge_later(from, to);
    os::tree_remove(tree_.root(), to);
    tree_.removed(to);
    rename(from, to);
    if (S_ISDIR(moving->st_mode)) tree_.white_out(to);  // what was there hid what is below it
  }

  void merge_later(const std::string& from, const std::string& to) {
    if (tree_.is_renewed(from)) {
      tree_.white_out(to);
    } else if (!tree_.is_implied(from)) {
      tree_.take_likeness(to, tree_.root().open_dir(from).fd());
      tree_.listed(to);
    }
    tree_.budget().remember(from);
    tree_.budget().remember(to);
    to_do_.emplace_back(from, to);
  }

  void remove(const std::string& path, int how) {
    const auto above = tree_.change(std::string(archive::parent_path(path)));
    const std::string name(archive::last_name(path));
    if (unlinkat(above.get(), name.c_str(), how) < 0) throw_errno("removing " + text::quoted(path));
    tree_.removed(path);
  }

  UnsettledTree& tree_;
  std::vector<std::pair<std::string, std::string>> to_do_;
  std::vector<std::string> emptied_;
};

std::string unused_name(const UnsettledTree& tree) {
  std::string name = ".sdme-moving";
  while (tree.own(name)) name += '-';
  return name;
}

}  // namespace

// Moved aside first: what is in it may belong right where it is, or above.
void move_to_target(UnsettledTree& tree, const std::string& link) {
  const auto target = tree.resolve(link);
  const auto aside = unused_name(tree);
  Merge merge(tree);
  merge.rename(link, aside);
  merge.run(aside, target);
  tree.came_by_link(target);
}

}  // namespace sdme::layer
