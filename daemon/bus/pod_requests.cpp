// SPDX-License-Identifier: MIT
#include "base/text.hpp"
#include "bus/requests.hpp"

namespace sdme::bus::requests {

namespace {

using Strings = std::vector<std::string>;

job::Plan plan_pod(const Caller& caller, const model::PodRecord& pod, const std::string& kind,
                   const std::string& verb) {
  return {.record = {.kind = kind,
                     .verb = verb,
                     .target = pod.name.str(),
                     .owner = caller.uid,
                     .request = {{"name", pod.name.str()}, {"pod", pod.to_text()}},
                     .commit = {{"pod", pod.to_text()}},
                     .claims = {{pod_claim(pod.name.str()), store::Claim::kExclusive}}},
          .fds = {}};
}

// A pod's network is a place to attach it to, or none.
void take_network(OptionReader& reader, model::PodRecord& pod) {
  const auto word = reader.take<std::string>("network");
  if (!word) return;
  const auto wanted = model::Network::parse(*word);
  if (wanted.str() != pod.network.str()) pod.network = wanted;
}

}  // namespace

std::string pod_claim(const std::string& name) { return "pod/" + name; }

PodRequest new_pod(const Options& options, model::PodRecord pod) {
  OptionReader reader(options, "definition key");
  take_network(reader, pod);
  pod.ports = take_ports(reader, "ports").value_or(std::vector<model::Port>{});
  PodRequest made{.pod = std::move(pod), .cancel_on_disconnect = reader.take_cancels()};
  reader.finish();
  made.pod.check();
  return made;
}

PodRequest changed_pod(const Options& options, model::PodRecord pod) {
  OptionReader reader(options, "definition key");
  take_network(reader, pod);
  if (auto ports = take_ports(reader, "ports")) pod.ports = std::move(*ports);
  edit_ports(reader, pod.ports);
  PodRequest made{.pod = std::move(pod), .cancel_on_disconnect = reader.take_cancels()};
  reader.finish();
  made.pod.check();
  return made;
}

job::Plan create_pod(const Caller& caller, const PodRequest& wanted) {
  auto plan = plan_pod(caller, wanted.pod, "create-pod", "");
  plan.record.cancel_on_disconnect = wanted.cancel_on_disconnect;
  return plan;
}

job::Plan update_pod(const Caller& caller, const model::PodRecord& now, const PodRequest& wanted) {
  auto plan = plan_pod(caller, wanted.pod, "update-pod", "pod-update");
  claim_ports(plan, now.ports, wanted.pod.ports);
  plan.record.cancel_on_disconnect = wanted.cancel_on_disconnect;
  return plan;
}

job::Plan remove_pod(const Caller& caller, const model::PodRecord& pod, const Options& options) {
  OptionReader reader(options, "option");
  auto plan = plan_pod(caller, pod, "remove-pod", "pod-remove");
  plan.record.cancel_on_disconnect = reader.take_cancels();
  reader.finish();
  return plan;
}

}  // namespace sdme::bus::requests
