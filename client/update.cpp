// SPDX-License-Identifier: MIT
#include "update.hpp"

#include <fmt/format.h>

#include "containers.hpp"
#include "job_waiter.hpp"
#include "text.hpp"

namespace sdme::client {

void update_container(Client& client, const std::string& typed_name, Dict changes) {
  const auto name = find_container(client, typed_name);
  changes.merge(foreground_options());
  JobWaiter waiter(client);
  const auto job = client.bus.await(client.bus.gated().UpdateContainer(name, changes));
  const auto result = waiter.finish(job, "change", name);
  if (client.out.wants_json()) return client.out.results(result);
  const auto pending = value_of<std::vector<std::string>>(result, "pending");
  if (!pending.empty()) {
    client.out.say(fmt::format("sdmectl: {} counts when {} starts the next time ('sdmectl restart {}')",
                               join(pending, ", "), name, name));
  }
}

}  // namespace sdme::client
