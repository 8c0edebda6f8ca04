// SPDX-License-Identifier: MIT
#include "machine/resources.hpp"

#include "base/error.hpp"
#include "machine/written.hpp"
#include "os/dir.hpp"
#include "quota/quota.hpp"

namespace sdme::machine {

namespace {

// "infinity" of systemd's bus interface; of weights it is "not set".
constexpr std::uint64_t kNone = UINT64_MAX;
constexpr std::uint64_t kUsecPerThousandth = 1000;  // of a second, which CPUQuotaPerSecUSec= counts in
constexpr std::uint64_t kUsualTasks = 16384;        // sdme-container@.service

std::uint64_t quota(const model::Limits& limits) { return limits.cpus ? *limits.cpus * kUsecPerThousandth : kNone; }

void check_below_use(const std::optional<std::uint64_t>& limit, std::uint64_t used, const char* what) {
  if (!limit || used == kNone || used <= *limit) return;
  throw Error(Errc::kLimitExceeded, "the container has " + std::to_string(used) + " " + what +
                                        " in use, more than the " + std::to_string(*limit) +
                                        " that it would be allowed; stop it first");
}

}  // namespace

std::vector<systemd::Property> resource_properties(const model::Limits& limits) {
  return {{"MemoryMax", limits.memory.value_or(kNone)},   {"MemorySwapMax", limits.effective_swap().value_or(kNone)},
          {"CPUQuotaPerSecUSec", quota(limits)},          {"CPUWeight", limits.cpu_weight.value_or(kNone)},
          {"IOWeight", limits.io_weight.value_or(kNone)}, {"TasksMax", limits.tasks.value_or(kUsualTasks)}};
}

void check_use(systemd::Pid1& pid1, const std::string& unit, const model::Limits& limits) {
  const auto use = pid1.resource_use(unit);
  check_below_use(limits.memory, use.memory, "bytes of memory");
  check_below_use(limits.tasks, use.tasks, "tasks");
}

void check_disk(const std::string& name, std::uint64_t bytes) {
  const auto directory = written_of(name);
  quota::check_held(directory);
  if (const auto used = quota::used(directory); used > bytes) {
    throw Error(Errc::kLimitExceeded, "the container has " + std::to_string(used) +
                                          " bytes on the disk, more than the " + std::to_string(bytes) +
                                          " that it would be allowed; remove some of them first");
  }
}

void limit_disk(const std::string& name, std::optional<std::uint64_t> bytes) { quota::limit(written_of(name), bytes); }

}  // namespace sdme::machine
