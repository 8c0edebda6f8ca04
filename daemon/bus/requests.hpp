// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bus/caller.hpp"
#include "bus/definition_request.hpp"
#include "bus/options.hpp"
#include "job/table.hpp"
#include "model/names.hpp"
#include "model/pod.hpp"
#include "model/record.hpp"
#include "store/settings.hpp"

// What callers ask, parsed once into frozen plans: pure functions of the arguments, the records as
// they are and the settings. They throw InvalidArgument before anyone is asked for a password; what
// they return is what is authorised and then done.
namespace sdme::bus::requests {

using Bytes = std::vector<std::uint8_t>;

std::string rootfs_claim(const std::string& name);

job::Plan import_rootfs(const Caller& caller, const std::string& name, const sdbus::UnixFd& data,
                        const Options& options, const store::Settings& settings);
job::Plan pull_rootfs(const Caller& caller, const std::string& name, const std::string& source, const Options& options,
                      const store::Settings& settings);
job::Plan collect_garbage(const Caller& caller, const Options& options);
job::Plan remove_rootfs(const Caller& caller, const model::RootfsName& name, const Options& options);

std::string volume_claim(const std::string& name);
job::Plan create_volume(const Caller& caller, const model::VolumeRecord& volume, const Options& options);
job::Plan remove_volume(const Caller& caller, const model::VolumeName& name, const Options& options);
// None of them goes while the job lives.
void claim_volumes(job::Plan& plan, const std::vector<model::Bind>& binds);
// Nobody else publishes what is added while the job lives: a running container has it before its record does.
void claim_ports(job::Plan& plan, const std::vector<model::Port>& had, const std::vector<model::Port>& ports);

job::Plan create(const Caller& caller, const model::ContainerRecord& container, bool cancel_on_disconnect);

// What the container is to be from now on: a running one is changed where that can be done.
job::Plan update(const Caller& caller, const model::ContainerRecord& now, const DefinitionRequest& wanted);

job::Plan start(const Caller& caller, const model::ContainerRecord& container, const Options& options,
                const store::Settings& settings);
job::Plan stop(const Caller& caller, const model::ContainerRecord& container, const Options& options,
               const store::Settings& settings);
job::Plan restart(const Caller& caller, const model::ContainerRecord& container, const Options& options,
                  const store::Settings& settings);
job::Plan enable(const Caller& caller, const model::ContainerRecord& container, const Options& options, bool enabled);
job::Plan check_host(const Caller& caller, const Options& options);
job::Plan pause(const Caller& caller, const model::ContainerRecord& container, const Options& options);
job::Plan resume(const Caller& caller, const model::ContainerRecord& container, const Options& options);

// `requiring` are those that require it: they follow.
job::Plan rename(const Caller& caller, const model::ContainerRecord& container, const model::ContainerName& to,
                 const std::vector<model::ContainerRecord>& requiring, const Options& options);
job::Plan remove(const Caller& caller, const model::ContainerRecord& container, const Options& options,
                 const store::Settings& settings);
job::Plan remove(const Caller& caller, const model::ContainerName& damaged, const Options& options,
                 const store::Settings& settings);

std::string pod_claim(const std::string& name);

struct PodRequest {
  model::PodRecord pod;
  bool cancel_on_disconnect = false;
};
// `pod` with what the caller says of it.
PodRequest new_pod(const Options& options, model::PodRecord pod);
PodRequest changed_pod(const Options& options, model::PodRecord pod);
job::Plan create_pod(const Caller& caller, const PodRequest& wanted);
job::Plan update_pod(const Caller& caller, const model::PodRecord& now, const PodRequest& wanted);
job::Plan remove_pod(const Caller& caller, const model::PodRecord& pod, const Options& options);

struct Command {
  std::string user;
  std::vector<Bytes> argv;
  std::vector<Bytes> env;
  Bytes cwd;
};
struct Streams {
  const sdbus::UnixFd& in;
  const sdbus::UnixFd& out;
  const sdbus::UnixFd& err;
};

job::Plan exec(const Caller& caller, const model::ContainerRecord& container, const Command& command,
               const Streams& streams, const Options& options);
job::Plan shell(const Caller& caller, const model::ContainerRecord& container, Command command, const Options& options);

// The pipe's writing end goes to the worker, the reading end to the caller.
job::Plan log(const Caller& caller, const model::ContainerRecord& container, const Options& options,
              os::UniqueFd writing_end);

}  // namespace sdme::bus::requests
