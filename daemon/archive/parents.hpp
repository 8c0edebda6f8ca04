// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "archive/budget.hpp"
#include "archive/meaning.hpp"
#include "os/dir.hpp"
#include "os/unique_fd.hpp"

namespace sdme::archive {

// The directories that entries lie in: found, made when nothing lists them, and left with the time
// of change they had, so that it does not matter when a directory and what is in it come.
class Parents {
 public:
  Parents(const os::Dir& root, Meaning meaning, Budget& budget) : root_(root), meaning_(meaning), budget_(budget) {
    if (meaning == Meaning::kLayer) implied_.emplace();
    budget_.remember("");
  }

  // Where an entry goes.
  struct Place {
    int dir;           // O_PATH; until the next call
    std::string name;  // in it
    std::string path;  // below the root, with no link on the way
    bool owner_known;  // what is made there is owned by who we are
  };
  // Corrupt when links or files are in the way: a tarball's entry leads through no link, a layer's
  // where the link does with the tree as "/". `path` is not the root.
  Place of(const std::string& path);

  // A directory that must be there; otherwise errno says why not.
  os::UniqueFd find(std::string_view path) const;

  // To be called before a directory itself is changed, and in the end.
  void leave();
  // Something of another kind takes a place, perhaps that of a link by which current_ was found.
  void replaced() { asked_.reset(); }

  void listed(const std::string& path);
  void whited_out(const std::string& path);  // a directory that is there; it is made opaque
  void removed(const std::string& path);  // with all that was in it
  std::set<std::string> take_implied() { return std::move(implied_); }
  std::set<std::string> take_renewed() { return std::move(renewed_); }

 private:
  struct Way {
    os::UniqueFd dir;
    std::string path;  // with no link on the way
  };

  void enter(std::string_view path, const std::string& entry);
  Way walk(std::string_view path, const std::string& entry);
  void step(Way& way, const std::string& name, std::vector<std::string>& to_walk, const std::string& entry);
  os::UniqueFd make(const Way& way, const std::string& name, const std::string& entry);
  bool gives_owner(const struct stat& dir) const;

  const os::Dir& root_;
  const Meaning meaning_;
  Budget& budget_;
  std::optional<std::string> asked_;  // for the directory in current_: entries of one directory come together
  Way current_;
  struct stat before_ = {};  // of current_, before anything was made in it
  std::set<std::string> implied_;  // of a layer
  std::set<std::string> renewed_;  // as Unsettled has them
};

// Opens what has no link on its way, below `dir`.
os::UniqueFd open_without_links(int dir, std::string_view path, int flags);

// Hides what lower layers have in a directory of a layer.
void make_opaque(int dir, const std::string& name);

}  // namespace sdme::archive
