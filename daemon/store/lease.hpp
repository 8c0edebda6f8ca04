// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

// Who works on what. The daemon is the only writer and has one thread, so this table in memory is
// the only lock there is; after a restart it is rebuilt from the records of the jobs that live.
namespace sdme::store {

// A wish for one thing, such as {"container/web", kExclusive}. Many may share a thing, or one has
// it alone.
struct Claim {
  enum Mode { kShared, kExclusive };
  std::string name;
  Mode mode = kExclusive;
};

struct LeaseState;

// Names that are held until this goes. Which of lease and table goes first does not matter.
class Lease {
 public:
  Lease() = default;
  ~Lease() { release(); }
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  // Gives everything back now.
  void release() noexcept;
  const std::vector<Claim>& claims() const { return claims_; }

 private:
  friend class LeaseTable;
  Lease(std::shared_ptr<LeaseState> state, std::vector<Claim> claims, std::string holder);

  std::shared_ptr<LeaseState> state_;
  std::vector<Claim> claims_;
  std::string holder_;
};

class LeaseTable {
 public:
  LeaseTable();

  // All of the claims at once or none: Busy, naming the thing and its holder. `holder` is what
  // the sentence says, such as "job 17 (start)". A thing claimed twice counts once, as its
  // stronger claim.
  Lease acquire(std::vector<Claim> claims, std::string holder);

  // One holder of this name, if it is held at all.
  std::optional<std::string> holder(const std::string& name) const;

 private:
  std::shared_ptr<LeaseState> state_;
};

}  // namespace sdme::store
