// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/address.hpp"
#include "store/catalogue.hpp"
#include "store/pods.hpp"

// What containers and pods must agree on: ports of the host, addresses, who is started before whom.
namespace sdme::store {

struct Everybody {
  const Catalogue& catalogue;
  const Pods& pods;
};

// InUse, naming the holder, where another publishes one of its ports; NotFound or InvalidArgument where a
// container, pod or volume that it requires does not exist, or in the end requires it.
void check_agreement(const Everybody& others, const model::ContainerRecord& record);
void check_agreement(const Everybody& others, const model::PodRecord& record);

// Part of the above, and for what gets another name. InUse where a pod and a container would have the same in a zone,
// so that neither is found; InvalidArgument for one that DNS has no room for.
void check_name_in_zone(const Everybody& others, const model::ContainerRecord& record);
void check_name_in_zone(const Everybody& others, const model::PodRecord& record);

// An address that no other has, where the host is to give one and it has none yet.
void give_address(const Everybody& others, model::ContainerRecord& record, const model::AddressPool& pool);
void give_address(const Everybody& others, model::PodRecord& record, const model::AddressPool& pool);

// The first drawn one whose container a file system counts apart from all others: model::ContainerRecord::project().
std::string unused_uuid(const Catalogue& catalogue, const std::function<std::string()>& draw);

// "volume:NAME of UID" for each volume of another than the container's owner, or than who asks for it.
std::vector<std::string> foreign_volumes(const Catalogue& catalogue, const model::ContainerRecord& record,
                                         std::uint32_t caller);

// InUse, naming the containers.
void check_unused_volume(const Catalogue& catalogue, const std::string& name);

// Names of the containers that require it, sorted.
std::vector<std::string> requiring(const Catalogue& catalogue, const std::string& name);
// Names of a pod's members, sorted.
std::vector<std::string> members_of_pod(const Catalogue& catalogue, const std::string& pod);
// Of them those of which nothing but OCI applications is in it, sorted.
std::vector<std::string> oci_members_of_pod(const Catalogue& catalogue, const std::string& pod);

// Those that it requires, itself or through others, in the order in which they are to be started; each once. NotFound
// where one is gone.
std::vector<const model::ContainerRecord*> required_by(const Catalogue& catalogue,
                                                       const model::ContainerRecord& record);

}  // namespace sdme::store
