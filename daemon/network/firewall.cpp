// SPDX-License-Identifier: MIT
#include "network/firewall.hpp"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "base/error.hpp"
#include "base/log.hpp"
#include "network/bridge.hpp"
#include "network/names.hpp"
#include "network/tool.hpp"
#include "os/unique_fd.hpp"

namespace sdme::network {

namespace {

using json::Value;

constexpr int kDhcpPort = 67;
constexpr std::size_t kLargestNotice = 64 * 1024;

std::string word(const Value& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::vector<Value> all_of(const Value& ruleset, const char* kind) {
  std::vector<Value> found;
  const auto list = ruleset.find("nftables");
  if (list == ruleset.end() || !list->is_array()) return found;
  for (const auto& entry : *list) {
    if (entry.is_object() && entry.contains(kind) && entry.at(kind).is_object()) found.push_back(entry.at(kind));
  }
  return found;
}

// Whether a name or number, or a set or range of such, has one for which `is_it` holds.
template <typename IsIt>
bool has(const Value& value, IsIt is_it) {
  if (value.is_array()) return std::ranges::any_of(value, [&](const Value& item) { return has(item, is_it); });
  if (value.is_object()) return value.contains("set") && has(value.at("set"), is_it);
  return is_it(value);
}

bool names(const Value& value, const std::string& bridge) {
  if (!value.is_string()) return false;
  const auto& name = value.get_ref<const std::string&>();
  return name.ends_with('*') ? bridge.starts_with(name.substr(0, name.size() - 1)) : name == bridge;
}

struct Rule {
  std::string chain;
  Value statements;

  bool does(std::string_view verdict) const {
    return std::ranges::any_of(statements, [&](const Value& one) {
      return one.contains(verdict) ||
             (verdict == "reject" && word(one.value("xt", Value::object()), "name") == "REJECT");
    });
  }
  bool refuses() const { return does("drop") || does("reject"); }

  // Whatever it is that comes.
  bool refuses_all() const {
    return refuses() && std::ranges::all_of(statements, [](const Value& one) {
             return one.contains("drop") || one.contains("reject") || one.contains("counter") || one.contains("log") ||
                    word(one.value("xt", Value::object()), "type") == "target";
           });
  }

  template <typename IsIt>
  bool matches(const char* left_kind, const char* key, const char* wanted, IsIt is_it) const {
    return std::ranges::any_of(statements, [&](const Value& one) {
      const auto match = one.value("match", Value::object());
      const auto left = match.value("left", Value::object());
      if (!left.is_object() || word(match, "op") == "!=") return false;
      return word(left.value(left_kind, Value::object()), key) == wanted && has(match.value("right", Value()), is_it);
    });
  }

  bool lets_in(const std::string& bridge) const {
    const auto is_bridge = [&](const Value& value) { return names(value, bridge); };
    if (refuses()) return false;
    if (matches("meta", "key", "iifname", is_bridge) || matches("meta", "key", "iif", is_bridge)) return true;
    return does("accept") &&
           matches("payload", "field", "dport", [](const Value& value) { return value == kDhcpPort; });
  }

  std::vector<std::string> leads_to() const {
    std::vector<std::string> chains;
    for (const auto& one : statements) {
      for (const char* way : {"jump", "goto"}) {
        if (one.contains(way)) chains.push_back(word(one.at(way), "target"));
      }
    }
    return chains;
  }
};

std::vector<Rule> rules_of(const Value& ruleset, const std::string& family, const std::string& table) {
  std::vector<Rule> rules;
  for (const auto& rule : all_of(ruleset, "rule")) {
    if (word(rule, "family") != family || word(rule, "table") != table) continue;
    Rule read = {.chain = word(rule, "chain"), .statements = Value::array()};
    for (const auto& one : rule.value("expr", Value::array())) {
      if (one.is_object()) read.statements.push_back(one);
    }
    rules.push_back(std::move(read));
  }
  return rules;
}

// A rule that is reached from the chain and names the bridge is the administrator's answer to it, whatever follows there.
bool lets_in(const std::vector<Rule>& rules, const std::string& chain, const std::string& bridge,
             std::set<std::string>& seen) {
  if (!seen.insert(chain).second) return false;
  return std::ranges::any_of(rules, [&](const Rule& rule) {
    if (rule.chain != chain) return false;
    return rule.lets_in(bridge) || std::ranges::any_of(rule.leads_to(), [&](const std::string& next) {
             return lets_in(rules, next, bridge, seen);
           });
  });
}

bool refuses_by_default(const std::vector<Rule>& rules, const Value& chain) {
  if (word(chain, "policy") == "drop") return true;
  const auto name = word(chain, "name");
  const auto last = std::ranges::find_last_if(rules, [&](const Rule& rule) { return rule.chain == name; });
  return !last.empty() && last.front().refuses_all();
}

bool is_told_of(const nlmsghdr& notice) { return notice.nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8U | NFT_MSG_DELTABLE); }

os::UniqueFd listen_for_changes() {
  os::UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  const int group = NFNLGRP_NFTABLES;
  if (!fd || bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
      setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
    throw_errno("listening for changes of the firewall");
  return fd;
}

// Returns when a table went, or when more was told than could be heard.
void await_removal(const os::UniqueFd& changes) {
  alignas(nlmsghdr) std::array<char, kLargestNotice> buffer;
  while (true) {
    auto left = recv(changes.get(), buffer.data(), buffer.size(), 0);
    if (left < 0 && errno == EINTR) continue;
    if (left < 0 && errno == ENOBUFS) return;
    if (left < 0) throw_errno("listening for changes of the firewall");
    for (auto* notice = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(notice, left);
         notice = NLMSG_NEXT(notice, left)) {
      if (is_told_of(*notice)) return;
    }
  }
}

}  // namespace

std::vector<std::string> dropping_chains(const Value& ruleset, std::string_view hook,
                                         const std::vector<std::string>& bridges) {
  std::vector<std::string> found;
  for (const auto& chain : all_of(ruleset, "chain")) {
    const auto family = word(chain, "family");
    const auto table = word(chain, "table");
    const auto name = word(chain, "name");
    if (word(chain, "hook") != hook || (family != "ip" && family != "inet") || is_table_of_ours(table)) continue;
    const auto rules = rules_of(ruleset, family, table);
    const bool lets_all_in = std::ranges::all_of(bridges, [&](const std::string& bridge) {
      std::set<std::string> seen;
      return lets_in(rules, name, bridge, seen);
    });
    if (refuses_by_default(rules, chain) && !lets_all_in) found.push_back(family + " " + table + " " + name);
  }
  return found;
}

std::vector<std::string> lost_rules(const Value& ruleset, const std::vector<std::string>& instances) {
  const auto tables = all_of(ruleset, "table");
  std::vector<std::string> lost;
  std::ranges::copy_if(instances, std::back_inserter(lost), [&](const std::string& instance) {
    return std::ranges::none_of(tables, [&](const Value& table) {
      return word(table, "family") == "inet" && word(table, "name") == table_of(instance);
    });
  });
  return lost;
}

void watch_rules(const std::string& instance) {
  const auto changes = listen_for_changes();
  while (has_interface(bridge_of(instance))) {
    if (restore_rules(instance)) log::info("the rules of network '" + instance + "' were gone, and are back");
    await_removal(changes);
  }
}

}  // namespace sdme::network
