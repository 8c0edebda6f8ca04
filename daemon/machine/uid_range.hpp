// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "os/unique_fd.hpp"

// Ids of a user namespace, taken for one run of a container. Nothing on disk depends on them.
namespace sdme::machine {

struct IdSpan {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

// Who may already use ids; replaced in tests.
struct IdSources {
  std::function<os::UniqueFd(std::uint32_t base)> lock;  // empty when another holds it
  std::function<bool(std::uint32_t id)> is_account;      // a user or a group has the number
  std::function<std::vector<IdSpan>()> taken;            // subuid, subgid, and what runs now

  static IdSources of_host();
};

struct UidRange {
  std::uint32_t base = 0;
  os::UniqueFd lock;  // held as long as the range is used; survives exec
};

// The first free range of systemd's for containers, beginning at one that depends on the name, so
// that a container mostly gets the same again. LimitExceeded when there is none.
UidRange take_uid_range(const std::string& name, const IdSources& sources);

// Parsers of /etc/subuid, subuid(5), and of /proc/PID/uid_map, user_namespaces(7).
std::vector<IdSpan> parse_subids(std::string_view text);
std::vector<IdSpan> parse_id_map(std::string_view text);

}  // namespace sdme::machine
