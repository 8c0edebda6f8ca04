// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "model/pod.hpp"
#include "systemd/pid1.hpp"

// The network of a pod, the work of sdme-pod@NAME.service: a namespace at layout::pod_namespace() that stays while
// members come and go, attached to the host or not, with its ports; and the resolv.conf(5) that they show, without a
// server while the pod is not attached.
namespace sdme::network {

// Makes what is there what the record says; what fails leaves it as it was, ports and link alike. The
// one way up, and of every change.
void settle_pod(systemd::Pid1& pid1, const model::PodRecord& wanted);
void take_down_pod(systemd::Pid1& pid1, const std::string& name);

model::PodRecord stored_pod(const std::string& name);  // without the daemon: at boot there may be none

}  // namespace sdme::network
