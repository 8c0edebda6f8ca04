// SPDX-License-Identifier: MIT
#include "machine/written.hpp"

#include <utility>

#include "store/layout.hpp"

namespace sdme::machine {

os::Dir written_of(const std::string& name) {
  auto container = os::Dir::open(layout::container(name));
  auto written = container.find_dir(layout::kWritten);
  return written ? std::move(*written) : std::move(container);
}

}  // namespace sdme::machine
