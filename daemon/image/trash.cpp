// SPDX-License-Identifier: MIT
#include "image/trash.hpp"

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "os/dir.hpp"

namespace sdme::image {

namespace {

void empty(const os::Dir& trash, std::optional<Error>& failure) {
  for (const auto& name : trash.entries()) {
    try {
      os::tree_remove(trash, name);
    } catch (const Error& error) {
      if (!failure) failure = error;
    }
  }
}

}  // namespace

json::Value run_trash(job::Worker& worker) {
  std::optional<Error> failure;
  for (const auto& path : json::get<std::vector<std::string>>(worker.request(), "trash")) {
    empty(os::Dir::open(path), failure);
  }
  if (failure) throw *failure;
  return json::Value::object();
}

}  // namespace sdme::image
