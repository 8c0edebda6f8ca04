// SPDX-License-Identifier: MIT
#pragma once

#include "model/address.hpp"
#include "store/catalogue.hpp"

// What containers must agree on: ports of the host, addresses, who is started before whom.
namespace sdme::store {

// InUse, naming the holder, where another container publishes one of its ports; NotFound or
// InvalidArgument where one that it requires does not exist, or in the end requires it.
void check_agreement(const Catalogue& catalogue, const model::ContainerRecord& record);

// An address that no other has, where the host is to give one and it has none yet.
void give_address(const Catalogue& catalogue, model::ContainerRecord& record, const model::AddressPool& pool);

// Names of the containers that require it, sorted.
std::vector<std::string> requiring(const Catalogue& catalogue, const std::string& name);

}  // namespace sdme::store
