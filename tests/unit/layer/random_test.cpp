// SPDX-License-Identifier: MIT
// Random stacks of layers, against a plain model that applies each entry to one tree, as a program
// does that unpacks layer after layer into the same directory.
#include <memory>
#include <random>
#include <set>

#include "base/text.hpp"
#include "layer/stacking.hpp"

namespace sdme::test {

namespace {

struct Node {
  std::string what = "directory";  // as Stacking::picture() has it
  std::map<std::string, std::shared_ptr<Node>> children;

  bool is_directory() const { return what == "directory"; }
  bool is_link() const { return what.starts_with("link "); }
};

struct Refused {};  // by the model, or where real programs do not agree

using Components = std::vector<std::string>;

std::string path_of(const Components& components) {
  std::string path;
  for (const auto& component : components) path += (path.empty() ? "" : "/") + component;
  return path;
}

class Model {
 public:
  void begin_layer() {
    touched_.clear();
    used_links_.clear();
  }

  void add(const std::string& path, const std::string& what) {
    const auto place = place_of(path);
    touch(place, what == "directory");
    auto& node = parent(place).children[place.back()];
    if (node && node->is_directory() && what != "directory" && !used_links_.empty()) throw Refused();
    if (!node || !node->is_directory() || what != "directory") node = std::make_shared<Node>(what);
  }

  void link(const std::string& path, const std::string& target) {
    const auto from = place_of(target);
    const auto& found = parent(from).children[from.back()];
    if (!found || found->is_directory()) throw Refused();
    // As a way to other entries it would have to be known already.
    if (found->is_link() && !touched_.contains(path_of(from))) throw Refused();
    const auto kept = found;
    const auto place = place_of(path);
    if (path_of(from).starts_with(path_of(place) + "/")) throw Refused();
    touch(place, false);
    auto& node = parent(place).children[place.back()];
    if (node && node->is_directory() && !used_links_.empty()) throw Refused();
    node = kept;
  }

  void white_out(const std::string& path) {
    const auto place = place_of(path, false);
    if (!exists(place)) return refuse_if_by_link();
    remove_untouched(parent(place), place);
  }

  void make_opaque(const std::string& directory) {
    auto place = place_of(directory + "/x", false);
    place.pop_back();
    if (!exists(place)) return refuse_if_by_link();
    auto& node = at(place);
    if (!node.is_directory()) return;
    const auto children = node.children;
    for (const auto& [name, child] : children) {
      place.push_back(name);
      remove_untouched(node, place);
      place.pop_back();
    }
  }

  std::map<std::string, std::string> picture() const {
    std::map<std::string, std::string> all;
    draw(root_, "", all);
    return all;
  }
  std::unique_ptr<Model> copy() const {
    auto other = std::make_unique<Model>(*this);
    std::map<const Node*, std::shared_ptr<Node>> copies;
    copy_children(root_, other->root_, copies);
    return other;
  }

 private:
  static void copy_children(const Node& from, Node& to, std::map<const Node*, std::shared_ptr<Node>>& copies) {
    to.children.clear();
    for (const auto& [name, child] : from.children) {
      if (!child) continue;
      auto& copied = copies[child.get()];
      if (!copied) {
        copied = std::make_shared<Node>(child->what);
        copy_children(*child, *copied, copies);
      }
      to.children[name] = copied;
    }
  }

  static void draw(const Node& node, const std::string& above, std::map<std::string, std::string>& all) {
    for (const auto& [name, child] : node.children) {
      if (!child) continue;
      const auto path = above.empty() ? name : above + "/" + name;
      all.emplace(path, child->what);
      draw(*child, path, all);
    }
  }

  Node* find(const Components& place) {
    Node* node = &root_;
    for (const auto& name : place) {
      const auto found = node->children.find(name);
      if (found == node->children.end() || !found->second) return nullptr;
      node = found->second.get();
    }
    return node;
  }
  bool exists(const Components& place) { return find(place) != nullptr; }
  Node& at(const Components& place) {
    auto* const node = find(place);
    if (node == nullptr) throw Refused();
    return *node;
  }
  Node& parent(const Components& place) { return at({place.begin(), place.end() - 1}); }

  // Where an entry goes, links of its parents followed; these are made when they are needed.
  Components place_of(const std::string& path, bool makes = true) {
    Components place, to_walk;
    by_link_ = false;
    const auto push = [&](const std::string& more) {
      auto parts = text::split(more, '/');
      for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        if (!part->empty() && *part != ".") to_walk.push_back(*part);
      }
    };
    push(path);
    for (int steps = 0; to_walk.size() > 1 || (!to_walk.empty() && to_walk.back() == ".."); ++steps) {
      if (steps > 100) throw Refused();
      const auto name = to_walk.back();
      to_walk.pop_back();
      if (name == "..") {
        if (!place.empty()) place.pop_back();
        continue;
      }
      place.push_back(name);
      auto* const node = find(place);
      if (node != nullptr && node->is_link()) {
        const auto own = touched_.find(path_of(place));
        if (own != touched_.end() && own->second != by_link_) throw Refused();
        if (own == touched_.end()) {
          used_links_.insert(path_of(place));
          by_link_ = true;
        }
        const auto target = node->what.substr(5);
        place.pop_back();
        if (target.starts_with('/')) place.clear();
        push(target);
      } else if (node == nullptr ? makes : !node->is_directory()) {
        // A file of the layer itself in the way is refused, one of a lower layer is replaced.
        if (node != nullptr && (touched_.contains(path_of(place)) || !makes)) throw Refused();
        parent(place).children[name] = std::make_shared<Node>();
      }
    }
    if (to_walk.empty()) throw Refused();
    place.push_back(to_walk.back());
    // What is put in place of a link that entries went through: nobody says what becomes of them.
    if (used_links_.contains(path_of(place))) throw Refused();
    return place;
  }

  // A later entry could lead the link elsewhere.
  void refuse_if_by_link() const {
    if (by_link_) throw Refused();
  }

  // What came through a lower link and directly too: it would matter which was last.
  void touch(const Components& place, bool directory) {
    Components above;
    for (const auto& name : place) {
      above.push_back(name);
      const bool last = above.size() == place.size();
      const auto [found, fresh] = touched_.try_emplace(path_of(above), by_link_);
      const bool both_directories = !last || (directory && find(above) != nullptr && find(above)->is_directory());
      if (!fresh && !both_directories && found->second != by_link_) throw Refused();
    }
  }

  void remove_untouched(Node& above, Components place) {
    const auto name = place.back();
    const auto node = above.children[name];
    if (!node) return;
    if (!touched_.contains(path_of(place))) {
      if (used_links_.contains(path_of(place))) throw Refused();
      above.children.erase(name);
      return;
    }
    const auto children = node->children;
    for (const auto& [child, ignored] : children) {
      place.push_back(child);
      remove_untouched(*node, place);
      place.pop_back();
    }
  }

  Node root_;
  std::map<std::string, bool> touched_;  // in this layer, and whether it came by a lower link
  bool by_link_ = false;                 // the last place_of()
  std::set<std::string> used_links_;     // of lower layers, by entries of this one
};

class Random : public Stacking {
 protected:
  std::size_t pick(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(engine_); }

  std::string some_path() {
    std::string path;
    for (auto depth = 1 + pick(3); depth > 0; --depth)
      path += (path.empty() ? "" : "/") + std::string(1, "abcd"[pick(4)]);
    return path;
  }

  // One more entry that the model takes, as the stream has it.
  std::string some_entry(std::unique_ptr<Model>& model) {
    auto tried = model->copy();
    const auto path = some_path();
    std::string entry;
    try {
      switch (pick(8)) {
        case 0:
        case 1:
          entry = directory(path);
          tried->add(path, "directory");
          break;
        case 2:
        case 3: {
          const auto content = std::to_string(pick(1000));
          entry = file(path, content);
          tried->add(path, "file " + content);
          break;
        }
        case 4: {
          const auto target = (pick(2) == 0 ? "/" : "") + some_path();
          entry = symlink(path, target);
          tried->add(path, "link " + target);
          break;
        }
        case 5: {
          const auto target = some_path();
          entry = hard_link(path, target);
          tried->link(path, target);
          break;
        }
        case 6: {
          const auto slash = path.rfind('/') + 1;
          entry = file(path.substr(0, slash) + ".wh." + path.substr(slash));
          tried->white_out(path);
          break;
        }
        default:
          entry = file(path + "/.wh..wh..opq");
          tried->make_opaque(path);
      }
    } catch (const Refused&) {
      return "";
    }
    model = std::move(tried);
    log_ += entry[156] + (" " + std::string(entry.c_str())) + " " + entry.substr(157, 10).c_str() + "\n";
    return entry;
  }

  std::mt19937 engine_;
  std::string log_;
};

TEST_F(Random, EqualsUnpackingIntoOneTree) {
  constexpr unsigned kStacks = 1000;
  for (unsigned seed = 1; seed <= kStacks; ++seed) {
    engine_.seed(seed);
    clear();
    log_.clear();
    auto model = std::make_unique<Model>();
    for (auto layers = 2 + pick(3); layers > 0; --layers) {
      model->begin_layer();
      std::string stream;
      for (auto entries = 1 + pick(7); entries > 0; --entries) stream += some_entry(model);
      ASSERT_NO_THROW(add(stream + kEndMark)) << "seed " << seed << "\n" << log_;
      log_ += "-- the next layer\n";
    }
    ASSERT_EQ(picture(), model->picture()) << "seed " << seed << "\n" << log_;
  }
}

}  // namespace

}  // namespace sdme::test
