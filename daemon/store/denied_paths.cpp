// SPDX-License-Identifier: MIT
#include "store/denied_paths.hpp"

#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/path.hpp"
#include "store/layout.hpp"

namespace sdme::store {

namespace {

struct Denied {
  const char* path;
  const char* what;
};

constexpr std::array kDenied = {
    Denied{"/proc", "the host's processes"},
    Denied{"/sys", "the host's kernel"},
    Denied{"/dev", "the host's devices"},
    Denied{"/run", "sockets by which the host is ruled"},
    Denied{"/boot", "what the host boots"},
    Denied{"/etc", "the host's configuration"},
    Denied{"/root", "root's home directory"},
    Denied{layout::kState, "sdmed's own store"},
    Denied{layout::kCache, "sdmed's own cache"},
    Denied{layout::kVendor, "sdmed's own programs"},
    Denied{layout::kPrograms, "sdmed's own programs"},
};

constexpr const char* kHomes = "/home";

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Error(Errc::kHostAccessDenied,
              "bind source " + text::quoted(path) + " " + why + ", which only root may show to a container");
}

}  // namespace

void check_bind_source(const std::string& path, uid_t caller) {
  if (caller == 0) return;
  for (const auto& denied : kDenied) {
    if (model::at_or_below(path, denied.path)) refuse(path, std::string("is ") + denied.what);
    if (model::at_or_below(denied.path, path)) refuse(path, std::string("has below it ") + denied.what);
  }
  if (path == kHomes) refuse(path, "has below it other users' home directories");
}

void check_home_owner(const std::string& path, uid_t owner, uid_t caller) {
  if (caller != 0 && owner != caller) refuse(path, "is in another user's home directory");
}

}  // namespace sdme::store
