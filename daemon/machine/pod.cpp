// SPDX-License-Identifier: MIT
#include "network/pod.hpp"

#include "machine/verbs.hpp"
#include "network/link.hpp"
#include "os/stop_request.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

// One that is not up becomes what its record says when its first member starts.
json::Value run_pod_update(job::Worker& worker) {
  os::heed_stop_requests();
  worker.progress("change", -1);
  const auto pod = model::PodRecord::from_text(json::get<std::string>(worker.request(), "pod"), "the changed pod");
  auto pid1 = systemd::Pid1::of_host();
  if (pid1.service(layout::pod_unit(pod.name.str())).running()) network::settle_pod(pid1, pod);
  return json::Value::object();
}

json::Value run_pod_remove(job::Worker& worker) {
  os::heed_stop_requests();
  worker.progress("remove", -1);
  auto pid1 = systemd::Pid1::of_host();
  const auto unit = layout::pod_unit(json::get<std::string>(worker.request(), "name"));
  network::stop_unit(pid1, unit);
  pid1.reset_failed(unit);
  return json::Value::object();
}

}  // namespace sdme::machine
