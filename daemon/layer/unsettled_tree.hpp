// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <ctime>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "archive/budget.hpp"
#include "archive/unsettled.hpp"
#include "base/error.hpp"
#include "layer/stack.hpp"
#include "os/dir.hpp"
#include "os/unique_fd.hpp"

namespace sdme::layer {

// The tree of a layer while it is settled on what lies below it. Paths are of the tree, "" its root,
// with no link on the way, neither of its own nor of a lower layer. Every directory that is changed
// gets back the time it had.
class UnsettledTree {
 public:
  UnsettledTree(const os::Dir& root, const Stack& below, archive::Unsettled unsettled, archive::Budget& budget);

  const os::Dir& root() const { return root_; }
  const Stack& below() const { return below_; }
  archive::Budget& budget() { return budget_; }

  std::optional<struct stat> own(const std::string& path) const;    // in the layer itself
  std::optional<struct stat> lower(const std::string& path) const;  // below, whether the layer hides it or not
  // Whether nothing below can be seen at this path, whatever the layer itself has there.
  bool is_hidden(const std::string& path) const;
  bool is_opaque(const std::string& directory) const;
  bool is_implied(const std::string& directory) const { return implied_.contains(directory); }
  bool is_renewed(const std::string& directory) const { return renewed_.contains(directory); }

  // Where a path leads when all links are followed, those of the layer and those of the layers below
  // that it shows. It need not be there. Corrupt when links go in circles.
  std::string resolve(const std::string& path) const;

  // A directory to change something in. What is missing of it is implied, and to be settled too.
  // Corrupt where the layer has something else.
  os::UniqueFd change(const std::string& directory);
  void make_opaque(const std::string& directory);
  void white_out(const std::string& directory);  // opaque, and like nothing below
  // Makes a directory like another, times too.
  void take_likeness(const std::string& directory, int like);

  // What is known of a path, and of all below it, is true of another one now; or of none.
  void moved(const std::string& from, const std::string& to);
  void removed(const std::string& path);
  void merged(const std::string& from, const std::string& to);  // of two directories alone
  void listed(const std::string& directory);  // it is implied no more
  // What the stream had on a way through a lower link is at its place only now.
  void came_by_link(const std::string& directory) { came_by_link_.insert(directory); }
  bool has_come_by_link(const std::string& path) const;

  std::optional<std::string> take_implied();  // the next to settle: what lies in another one after it
  std::vector<archive::Unsettled::Link> take_links();  // as they came; of one name the last
  std::set<std::string> take_whiteouts() { return std::move(whiteouts_in_); }
  void finish();  // sets the times

 private:
  struct Link {
    std::size_t number;
    std::string target;
  };

  bool hides_all_in(const std::string& directory) const;
  std::optional<std::string> link_at(const std::string& path) const;
  os::UniqueFd make(int above, const std::string& directory);

  const os::Dir& root_;
  const Stack& below_;
  mutable Descent descent_;  // in the layers below: ways are walked down
  archive::Budget& budget_;
  bool opaque_root_;
  std::set<std::string> implied_;
  std::set<std::string> renewed_;
  std::set<std::string> to_settle_;  // of the implied
  std::set<std::string> whiteouts_in_;
  std::set<std::string> came_by_link_;
  std::map<std::string, Link> links_;
  std::map<std::string, timespec> times_;
  mutable std::map<std::string, bool> hiding_;  // hides_all_in() of some; to be cleared when that may change
};

// Of paths: "a/b" of "a" and "b", "b" of "" and "b".
std::string joined(const std::string& directory, const std::string& name);
bool is_whiteout(const struct stat& found);
Error odd_layer(const std::string& path, const std::string& why);  // Corrupt

}  // namespace sdme::layer
