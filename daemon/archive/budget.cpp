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

// A string in a node of a tree, twice: once more while the layer is settled.
std::uint64_t Budget::memory_of(std::string_view path) {
  constexpr std::uint64_t kNode = 96;
  return 2 * (kNode + path.size());
}

void Budget::remember(std::string_view path, std::uint64_t more) {
  const auto bytes = memory_of(path) + more;
  if (remembered_.fetch_add(bytes) + bytes <= kMostRemembered) return;
  throw Error(Errc::kLimitExceeded,
              "the archive needs more than " + std::to_string(kMostRemembered >> 20U) +
                  " MiB of memory for what can be done only in the end: it has too many directories that it does not "
                  "list, whiteouts, links to lower layers or access control lists");
}

void Budget::spend_one(std::atomic<std::uint64_t>& count) {
  if (count.fetch_add(1) + 1 <= limits_.entries) return;
  throw Error(Errc::kLimitExceeded, "the archive has more than " + std::to_string(limits_.entries) +
                                        " entries, which is the limit (ImportMaxEntries= in sdmed.conf)");
}

}  // namespace sdme::archive
