// SPDX-License-Identifier: MIT
#include "layer/unsettled_tree.hpp"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ranges>
#include <utility>

#include "archive/entry_path.hpp"
#include "archive/metadata.hpp"
#include "archive/parents.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "layer/likeness.hpp"

namespace sdme::layer {

namespace {

constexpr mode_t kImpliedMode = 0755;
constexpr std::size_t kMostSteps = 4096;  // of a way that links lengthen
constexpr std::size_t kMostRemembered = 10'000;
constexpr int kDirectory = O_PATH | O_DIRECTORY;

std::string parent_of(const std::string& path) { return std::string(archive::parent_path(path)); }

std::string doing(const std::string& path) { return "settling " + text::quoted(path); }

template <typename Node>
auto& key_of(Node& node) {
  if constexpr (requires { node.key(); }) {
    return node.key();
  } else {
    return node.value();
  }
}

// Takes out what belongs to a path, and to all below it.
template <typename Keyed>
auto taken(Keyed& keyed, const std::string& path) {
  std::vector<typename Keyed::node_type> nodes;
  if (auto node = keyed.extract(path)) nodes.push_back(std::move(node));
  const auto end = keyed.lower_bound(path + "0");  // '0' follows '/'
  for (auto at = keyed.lower_bound(path + "/"); at != end;) nodes.push_back(keyed.extract(at++));
  return nodes;
}

template <typename Keyed>
void rename_keys(Keyed& keyed, const std::string& from, const std::string& to) {
  for (auto& node : taken(keyed, from)) {
    auto& key = key_of(node);
    key = key.size() == from.size() ? to : joined(to, key.substr(from.size() + 1));
    keyed.insert(std::move(node));
  }
}

void push_components(std::vector<std::string>& to_walk, const std::string& path) {
  auto parts = text::split(path, '/');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!part->empty() && *part != ".") to_walk.push_back(std::move(*part));
  }
}

std::string link_in(int dir, const std::string& name) {
  std::string target(PATH_MAX, '\0');
  const auto length = readlinkat(dir, name.c_str(), target.data(), target.size());
  if (length < 0) throw_errno("reading the link " + text::quoted(name));
  target.resize(static_cast<std::size_t>(length));
  return target;
}

}  // namespace

std::string joined(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}

bool is_whiteout(const struct stat& found) { return S_ISCHR(found.st_mode) && found.st_rdev == 0; }

Error odd_layer(const std::string& path, const std::string& why) {
  return {Errc::kCorrupt, "a layer of the image has an entry " + text::quoted(path) + " " + why};
}

UnsettledTree::UnsettledTree(const os::Dir& root, const Stack& below, archive::Unsettled unsettled,
                             archive::Budget& budget)
    : root_(root),
      below_(below),
      descent_(below),
      budget_(budget),
      opaque_root_(unsettled.opaque_root),
      implied_(std::move(unsettled.implied)),
      renewed_(std::move(unsettled.renewed)),
      to_settle_(implied_),
      whiteouts_in_(std::move(unsettled.whiteouts_in)) {
  for (std::size_t i = 0; i < unsettled.links.size(); ++i) {
    links_.insert_or_assign(std::move(unsettled.links[i].path), Link{i, std::move(unsettled.links[i].target)});
  }
}

std::optional<struct stat> UnsettledTree::own(const std::string& path) const {
  return root_.stat(path.empty() ? "." : path);
}

std::optional<struct stat> UnsettledTree::lower(const std::string& path) const { return descent_.stat("/" + path); }

bool UnsettledTree::is_opaque(const std::string& directory) const {
  if (directory.empty()) return opaque_root_;
  const auto dir = archive::open_without_links(root_.fd(), directory, kDirectory);
  char value = 0;
  const auto link = "/proc/self/fd/" + std::to_string(dir.get());
  return dir && getxattr(link.c_str(), "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

bool UnsettledTree::is_hidden(const std::string& path) const { return !path.empty() && hides_all_in(parent_of(path)); }

bool UnsettledTree::hides_all_in(const std::string& directory) const {
  if (hiding_.size() > kMostRemembered) hiding_.clear();
  std::vector<std::string> passed;
  auto at = directory;
  std::optional<bool> hides;
  while (!hides) {
    const auto known = hiding_.find(at);
    const auto found = known == hiding_.end() ? own(at) : std::nullopt;
    if (known != hiding_.end()) {
      hides = known->second;
    } else if (found && (!S_ISDIR(found->st_mode) || is_opaque(at))) {
      hides = true;
    } else if (at.empty()) {
      hides = false;
    }
    passed.push_back(at);
    at = parent_of(at);
  }
  for (auto& path : passed) hiding_.insert_or_assign(std::move(path), *hides);
  return *hides;
}

// An implied directory is not known to be one: it may be a link below.
std::optional<std::string> UnsettledTree::link_at(const std::string& path) const {
  const auto found = own(path);
  if (found && S_ISLNK(found->st_mode)) {
    const auto above = parent_of(path);
    return link_in(archive::open_without_links(root_.fd(), above, kDirectory).get(),
                   std::string(archive::last_name(path)));
  }
  if ((found && !is_implied(path)) || is_hidden(path)) return std::nullopt;
  const auto below = lower(path);
  return below && S_ISLNK(below->st_mode) ? below_.link_target("/" + path) : std::nullopt;
}

std::string UnsettledTree::resolve(const std::string& path) const {
  std::string at;
  std::vector<std::string> to_walk;
  push_components(to_walk, path);
  for (std::size_t steps = 0; !to_walk.empty(); ++steps) {
    if (steps + to_walk.size() > kMostSteps) throw odd_layer(path, "behind links that go in circles");
    const auto name = std::move(to_walk.back());
    to_walk.pop_back();
    if (name == "..") {
      at = parent_of(at);
      continue;
    }
    auto next = joined(at, name);
    const auto target = link_at(next);
    if (!target) {
      at = std::move(next);
      continue;
    }
    if (target->starts_with('/')) at.clear();
    push_components(to_walk, *target);
  }
  return at;
}

os::UniqueFd UnsettledTree::change(const std::string& directory) {
  std::vector<std::string> missing;
  auto at = directory;
  auto dir = archive::open_without_links(root_.fd(), at, kDirectory);
  while (!dir) {
    if (errno != ENOENT && errno != ENOTDIR) throw_errno(doing(at));
    const auto found = own(at);
    if (found && !is_whiteout(*found)) throw odd_layer(directory, "below something that is not a directory");
    missing.push_back(at);
    at = parent_of(at);
    dir = archive::open_without_links(root_.fd(), at, kDirectory);
  }
  times_.try_emplace(at, modified(dir.get(), at));
  for (const auto& path : missing | std::views::reverse) dir = make(dir.get(), path);
  return dir;
}

// As the archive's own implied directories are made: plain, whatever the one above hands down.
os::UniqueFd UnsettledTree::make(int above, const std::string& directory) {
  const std::string name(archive::last_name(directory));
  const bool hides = unlinkat(above, name.c_str(), 0) == 0;
  if (mkdirat(above, name.c_str(), kImpliedMode) < 0) throw_errno(doing(directory));
  budget_.spend_directory();
  auto made = archive::open_without_links(above, name, kDirectory);
  if (!made) throw_errno(doing(directory));
  archive::clear_attributes(made.get(), directory);
  if (fchownat(made.get(), "", geteuid(), getegid(), AT_EMPTY_PATH) < 0) throw_errno(doing(directory));
  if (fchmodat(made.get(), "", kImpliedMode, AT_EMPTY_PATH) < 0) throw_errno(doing(directory));
  times_.try_emplace(directory, modified(made.get(), directory));
  hiding_.clear();
  budget_.remember(directory);
  if (hides) {
    archive::make_opaque(above, name);
    renewed_.insert(directory);
  } else {
    implied_.insert(directory);
    to_settle_.insert(directory);
  }
  return made;
}

void UnsettledTree::make_opaque(const std::string& directory) {
  hiding_.clear();
  if (directory.empty()) {
    opaque_root_ = true;
    return;
  }
  archive::make_opaque(change(parent_of(directory)).get(), std::string(archive::last_name(directory)));
}

void UnsettledTree::white_out(const std::string& directory) {
  make_opaque(directory);
  to_settle_.erase(directory);
  if (implied_.erase(directory) > 0) renewed_.insert(directory);
}

void UnsettledTree::take_likeness(const std::string& directory, int like) {
  const auto dir = archive::open_without_links(root_.fd(), directory, kDirectory);
  if (!dir) throw_errno(doing(directory));
  make_like(like, dir.get(), directory);
  const auto time = modified(like, directory);
  // Most are changed no more, and then there is nothing to remember.
  if (const auto later = times_.find(directory); later != times_.end()) later->second = time;
  set_modified(dir.get(), time, directory);
}

void UnsettledTree::moved(const std::string& from, const std::string& to) {
  hiding_.clear();
  rename_keys(implied_, from, to);
  rename_keys(renewed_, from, to);
  rename_keys(to_settle_, from, to);
  rename_keys(whiteouts_in_, from, to);
  rename_keys(links_, from, to);
  rename_keys(times_, from, to);
}

void UnsettledTree::removed(const std::string& path) {
  hiding_.clear();
  taken(implied_, path);
  taken(renewed_, path);
  taken(to_settle_, path);
  taken(whiteouts_in_, path);
  taken(links_, path);
  taken(times_, path);
}

void UnsettledTree::merged(const std::string& from, const std::string& to) {
  listed(from);
  if (whiteouts_in_.erase(from) > 0) whiteouts_in_.insert(to);
  times_.erase(from);
}

void UnsettledTree::listed(const std::string& directory) {
  implied_.erase(directory);
  renewed_.erase(directory);
  to_settle_.erase(directory);
}

bool UnsettledTree::has_come_by_link(const std::string& path) const {
  auto above = path;
  do {
    above = parent_of(above);
    if (came_by_link_.contains(above)) return true;
  } while (!above.empty());
  return false;
}

std::optional<std::string> UnsettledTree::take_implied() {
  if (to_settle_.empty()) return std::nullopt;
  return std::move(to_settle_.extract(to_settle_.begin()).value());
}

std::vector<archive::Unsettled::Link> UnsettledTree::take_links() {
  std::map<std::size_t, archive::Unsettled::Link> in_order;
  for (auto& [path, link] : std::exchange(links_, {})) in_order.try_emplace(link.number, path, std::move(link.target));
  std::vector<archive::Unsettled::Link> links;
  for (auto& [number, link] : in_order) links.push_back(std::move(link));
  return links;
}

void UnsettledTree::finish() {
  for (const auto& [path, time] : times_) {
    const auto dir = archive::open_without_links(root_.fd(), path, kDirectory);
    if (!dir) throw_errno(doing(path));
    set_modified(dir.get(), time, path);
  }
  times_.clear();
}

}  // namespace sdme::layer
