// SPDX-License-Identifier: MIT
#include "image/trash.hpp"

#include <optional>

#include "base/error.hpp"
#include "os/dir.hpp"

namespace sdme::image {

json::Value run_trash(job::Worker& worker) {
  const auto trash = os::Dir::open(json::get<std::string>(worker.request(), "trash"));
  std::optional<Error> failure;
  for (const auto& name : trash.entries()) {
    try {
      os::tree_remove(trash, name);
    } catch (const Error& error) {
      if (!failure) failure = error;
    }
  }
  if (failure) throw *failure;
  return json::Value::object();
}

}  // namespace sdme::image
