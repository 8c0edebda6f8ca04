// SPDX-License-Identifier: MIT
#include "container_flags.hpp"

#include <CLI/CLI.hpp>

#include "containers.hpp"
#include "job_waiter.hpp"
#include "text.hpp"

namespace sdme::client {

void ContainerFlags::define(CLI::App& app) {
  auto* positional = app.add_option("NAME", name, "its name; without one, one is made up");
  app.add_option("--name", name, "the same, as an option")->excludes(positional);
  app.add_option("-r,--fs", rootfs, "the root filesystem; without one, a clone of this host")->type_name("ROOTFS");
  wanted.define(app);
  app.add_option("-o,--overlayfs-opaque-dirs", opaque_dirs, "directories that begin empty; a list, or repeated")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("LIST");
  app.add_option("--masked-services", masked_services,
                 "services that do not start inside; a list, or repeated; '' for none")
      ->join(',')
      ->type_name("LIST");
  auto* boots = app.add_flag("--enable", enable, "start it at boot");
  app.add_flag("--rm", ephemeral, "remove it when it has stopped")->excludes(boots);
}

Dict ContainerFlags::definition() const {
  auto definition = wanted.definition();
  definition.merge(foreground_options());
  if (ephemeral) definition["ephemeral"] = sdbus::Variant(true);
  if (!opaque_dirs.empty()) definition["opaque-dirs"] = sdbus::Variant(opaque_dirs);
  if (masked_services) {
    auto services = split(*masked_services, ',');
    std::erase(services, "");
    definition["masked-services"] = sdbus::Variant(services);
  }
  return definition;
}

std::string create_container(Client& client, const ContainerFlags& flags) {
  JobWaiter waiter(client);
  const auto [job, name] =
      client.bus.await(client.bus.gated().CreateContainer(flags.name, flags.rootfs, flags.definition()));
  waiter.finish(job, "create", name);
  if (flags.enable) enable_container(client, name);
  return name;
}

}  // namespace sdme::client
