// SPDX-License-Identifier: MIT
#include "archive/budget.hpp"

#include <string>

#include "base/error.hpp"

namespace sdme::archive {

void Budget::spend_bytes(std::uint64_t count) {
  if (bytes_.fetch_add(count) + count <= limits_.bytes) return;
  throw Error(Errc::kLimitExceeded, "the archive has more than " + std::to_string(limits_.bytes) +
                                        " bytes when decompressed, which is the limit (ImportMaxBytes= in sdmed.conf)");
}

void Budget::spend_one(std::atomic<std::uint64_t>& count) {
  if (count.fetch_add(1) + 1 <= limits_.entries) return;
  throw Error(Errc::kLimitExceeded, "the archive has more than " + std::to_string(limits_.entries) +
                                        " entries, which is the limit (ImportMaxEntries= in sdmed.conf)");
}

}  // namespace sdme::archive
