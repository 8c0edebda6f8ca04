// SPDX-License-Identifier: MIT
#include "store/lease.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace sdme::store {

// Of each name that is held: by whom and how. One entry a lease, so two leases of one holder count twice.
struct LeaseState {
  struct Hold {
    std::multiset<std::string> holders;
    Claim::Mode mode = Claim::kShared;
  };
  std::map<std::string, Hold> holds;
};

namespace {

// "container/web" becomes "container 'web'".
std::string in_words(const std::string& name) {
  const auto slash = name.find('/');
  if (slash == std::string::npos) return text::quoted(name);
  const auto kind = name.substr(0, slash);
  return (kind == "rootfs" ? "root filesystem" : text::printable(kind)) + " " + text::quoted(name.substr(slash + 1));
}

std::vector<Claim> once_each(std::vector<Claim> claims) {
  std::map<std::string, Claim::Mode> strongest;
  for (auto& claim : claims) {
    const auto [found, is_new] = strongest.try_emplace(std::move(claim.name), claim.mode);
    if (!is_new && claim.mode == Claim::kExclusive) found->second = Claim::kExclusive;
  }
  std::vector<Claim> once;
  for (const auto& [name, mode] : strongest) once.push_back({name, mode});
  return once;
}

}  // namespace

Lease::Lease(std::shared_ptr<LeaseState> state, std::vector<Claim> claims, std::string holder)
    : state_(std::move(state)), claims_(std::move(claims)), holder_(std::move(holder)) {}

Lease::Lease(Lease&& other) noexcept
    : state_(std::move(other.state_)),
      claims_(std::exchange(other.claims_, {})),
      holder_(std::exchange(other.holder_, {})) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    state_ = std::move(other.state_);
    claims_ = std::exchange(other.claims_, {});
    holder_ = std::exchange(other.holder_, {});
  }
  return *this;
}

void Lease::release() noexcept {
  if (!state_) return;
  for (const auto& claim : claims_) {
    const auto hold = state_->holds.find(claim.name);
    auto& holders = hold->second.holders;
    holders.erase(holders.find(holder_));
    if (holders.empty()) state_->holds.erase(hold);
  }
  claims_.clear();
  state_.reset();
}

LeaseTable::LeaseTable() : state_(std::make_shared<LeaseState>()) {}

Lease LeaseTable::acquire(std::vector<Claim> claims, std::string holder) {
  claims = once_each(std::move(claims));
  for (const auto& claim : claims) {
    const auto held = state_->holds.find(claim.name);
    if (held == state_->holds.end()) continue;
    if (claim.mode == Claim::kShared && held->second.mode == Claim::kShared) continue;
    throw Error(Errc::kBusy, in_words(claim.name) + " is busy: " + *held->second.holders.begin() + " works on it");
  }
  for (const auto& claim : claims) {
    auto& hold = state_->holds[claim.name];
    hold.holders.insert(holder);
    hold.mode = claim.mode;
  }
  return {state_, std::move(claims), std::move(holder)};
}

std::optional<std::string> LeaseTable::holder(const std::string& name) const {
  const auto held = state_->holds.find(name);
  if (held == state_->holds.end()) return std::nullopt;
  return *held->second.holders.begin();
}

}  // namespace sdme::store
