// SPDX-License-Identifier: MIT
#include "disk/capabilities.hpp"

#include <algorithm>
#include <memory>

#include "base/error.hpp"

namespace sdme::disk {

namespace {

struct Free {
  void operator()(cap_t state) const { cap_free(state); }
};

}  // namespace

void bound_capabilities(std::initializer_list<cap_value_t> kept) {
  const int bits = cap_max_bits();
  for (cap_value_t cap = 0; cap < bits; ++cap) {
    if (std::ranges::find(kept, cap) != kept.end() || cap_get_bound(cap) == 0) continue;
    if (cap_drop_bound(cap) < 0) throw_errno("giving up a capability");
  }
}

void keep_capabilities(std::initializer_list<cap_value_t> kept) {
  bound_capabilities(kept);
  const std::unique_ptr<std::remove_pointer_t<cap_t>, Free> state(cap_get_proc());
  if (!state) throw_errno("reading capabilities");
  const int bits = cap_max_bits();
  for (cap_value_t cap = 0; cap < bits; ++cap) {
    if (std::ranges::find(kept, cap) != kept.end()) continue;
    for (const auto set : {CAP_EFFECTIVE, CAP_PERMITTED, CAP_INHERITABLE}) {
      if (cap_set_flag(state.get(), set, 1, &cap, CAP_CLEAR) < 0) throw_errno("giving up a capability");
    }
  }
  if (cap_set_proc(state.get()) < 0) throw_errno("giving up capabilities");
}

}  // namespace sdme::disk
