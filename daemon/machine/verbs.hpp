// SPDX-License-Identifier: MIT
#pragma once

#include "base/json.hpp"
#include "job/worker.hpp"

// What a worker does for a container, one function a verb. Request and result are those of
// docs/architecture.md, "Between daemon and worker"; a failure is thrown as sdme::Error, whose
// message may carry details for the owner below its first line.
namespace sdme::machine {

json::Value run_create(job::Worker& worker);
json::Value run_update(job::Worker& worker);
json::Value run_start(job::Worker& worker);
json::Value run_stop(job::Worker& worker);
json::Value run_restart(job::Worker& worker);
json::Value run_enable(job::Worker& worker);
json::Value run_disable(job::Worker& worker);
json::Value run_remove(job::Worker& worker);
json::Value run_pod_update(job::Worker& worker);
json::Value run_pod_remove(job::Worker& worker);
json::Value run_rename(job::Worker& worker);
json::Value run_pause(job::Worker& worker);
json::Value run_resume(job::Worker& worker);
json::Value run_health(job::Worker& worker);
json::Value run_check(job::Worker& worker);
json::Value run_session(job::Worker& worker);
json::Value run_log(job::Worker& worker);

}  // namespace sdme::machine
