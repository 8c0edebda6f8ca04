// SPDX-License-Identifier: MIT
#include "store/layout.hpp"

namespace sdme::layout {

std::string state(const std::string& below) { return std::string(kState) + "/" + below; }
std::string runtime(const std::string& below) { return std::string(kRuntime) + "/" + below; }

std::string init_environment() { return runtime(std::string(kInitMounts) + "/" + kInitEnvironment); }
std::string layer_tree(const std::string& id) { return state(std::string(kLayers) + "/" + id + "/" + kTree); }
std::string container(const std::string& name) { return state(std::string(kContainers) + "/" + name); }
std::string volume_data(const std::string& name) {
  return state(std::string(kVolumes) + "/" + name + "/" + kVolumeData);
}
std::string container_unit(const std::string& name) { return "sdme-container@" + name + ".service"; }

std::string pod_unit(const std::string& name) { return "sdme-pod@" + name + ".service"; }
std::string pod_network(const std::string& name) { return std::string(kPodNetworks) + "/" + name; }
std::string pod_namespace(const std::string& name) { return pod_network(name) + "/" + kPodNamespace; }
std::string pod_resolv_conf(const std::string& name) { return pod_network(name) + "/" + kPodResolvConf; }

// One program for each kind of work, so that none links what another needs.
std::string worker_program(const std::string& verb) {
  const bool files = verb == "import" || verb == "trash" || verb == "disk" || verb == "provision";
  return std::string(kPrograms) + (verb == "fetch" ? "/sdme-fetch" : files ? "/sdme-import" : "/sdme-worker");
}

std::string job_unit(std::uint64_t id, bool session) {
  return (session ? "sdme-session-" : "sdme-job-") + std::to_string(id) + ".service";
}

std::string fetch_unit(std::uint64_t id) { return "sdme-job-" + std::to_string(id) + "-fetch.service"; }

}  // namespace sdme::layout
