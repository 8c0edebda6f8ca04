// SPDX-License-Identifier: MIT
#include <unistd.h>

#include "base/error.hpp"
#include "machine/binds.hpp"
#include "machine/seed.hpp"
#include "machine/upper.hpp"
#include "machine/verbs.hpp"
#include "quota/quota.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

json::Value run_create(job::Worker& worker) {
  worker.progress("create", -1);
  const auto& request = worker.request();
  const auto definition = model::Definition::from_json(request.at("definition"));
  const auto layers = json::get<std::vector<std::string>>(request, "layers");
  const auto binds = authorised(definition.binds, {}, json::get<std::uint32_t>(request, "caller"));
  const auto staging = os::Dir::open(json::get<std::string>(request, "staging"));
  const auto written = staging.open_dir(layout::kWritten);
  quota::count_apart(written, json::get<std::uint32_t>(request, "project"));
  if (definition.limits.disk) quota::limit(written, definition.limits.disk);

  // 0755 at first: in the guest this is "/", and what is not root must get through.
  const auto upper_dir = written.make_dir(layout::kUpper, 0755);
  static_cast<void>(written.make_dir(layout::kWork, 0700));
  static_cast<void>(written.make_dir(layout::kSubmounts, 0700));

  const auto lower = definition.host_clone ? layer::Stack::of_host() : layer::Stack::of_layers(layers);
  const auto facts = definition.host_clone ? HostFacts::of(lower) : HostFacts{};
  Upper upper(upper_dir, lower);
  sow(plan_seeds(json::get<std::string>(request, "name"), definition, facts), upper);
  if (syncfs(staging.fd()) < 0) throw_errno("writing " + staging.path() + " to the disk");
  return {{"os", lower.os()}, {"binds", to_json(binds)}};
}

}  // namespace sdme::machine
