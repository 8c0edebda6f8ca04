// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <map>
#include <string>

#include "bus/states.hpp"
#include "job/table.hpp"
#include "model/record.hpp"
#include "store/blob_cache.hpp"
#include "store/store.hpp"

// Things as the bus shows them. The keys are documented at the List and Inspect members.
namespace sdme::bus {

using Description = std::map<std::string, sdbus::Variant>;

Description public_of(const model::ContainerRecord& record, const States& states, const store::Store& store);
using LayerUsers = std::map<std::string, std::size_t>;  // Catalogue::layer_users()
Description public_of(const model::RootfsRecord& record, const store::Store& store, const LayerUsers& users);
Description public_of(const model::PodRecord& pod, const store::Store& store);
Description public_of(const model::VolumeRecord& record, const store::Store& store);
Description public_of(const job::Job& job);
Description public_of(const store::Damaged& damaged);
Description public_of(const store::BlobCache& cache);

// What of a container reaches the host: as its record says, and until it stops as it was started.
std::vector<std::string> reach_of(const model::ContainerRecord& record, const States& states,
                                  const store::Store& store);

// The same in words, for prompts and refusals. Of what is not their own, people are refused without paths and names of
// the host.
std::string told_reach(const std::vector<std::string>& reach, bool is_own);

// What only the owner and those who may inspect see besides.
void add_private(Description& to, const model::ContainerRecord& record, const std::vector<std::string>& reach);
void add_private(Description& to, const model::RootfsRecord& record);

// A job's result: booleans, numbers, strings and lists of strings.
Description from_json(const json::Value& result);

// The name of an error for properties and results; "" unless failed or cancelled.
std::string error_name(const job::Record& record);

}  // namespace sdme::bus
