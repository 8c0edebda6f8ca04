// SPDX-License-Identifier: MIT
#include "store/agreement.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace sdme::store {

namespace {

void check_ports(const Catalogue& catalogue, const model::ContainerRecord& record) {
  for (const auto& [name, other] : catalogue.containers()) {
    if (name == record.name.str()) continue;
    for (const auto& port : record.definition.ports) {
      const auto& theirs = other.definition.ports;
      if (std::ranges::none_of(theirs, [&](const model::Port& held) { return held.collides(port); })) continue;
      throw Error(Errc::kInUse, "port " + port.str() + " is published by container " + text::quoted(name));
    }
  }
}

// Whether `name` requires `sought`, itself or through others. The containers before this one have no cycle.
bool leads_to(const Catalogue& catalogue, const std::string& name, const std::string& sought) {
  if (name == sought) return true;
  const auto* record = catalogue.find_container(name);
  return record != nullptr && std::ranges::any_of(record->definition.requirements, [&](const std::string& next) {
           return leads_to(catalogue, next, sought);
         });
}

void check_requirements(const Catalogue& catalogue, const model::ContainerRecord& record) {
  const auto& own = record.name.str();
  for (const auto& name : record.definition.requirements) {
    if (name != own && catalogue.find_container(name) == nullptr)
      throw Error(Errc::kNotFound, "there is no container " + text::quoted(name) + " to require");
    if (leads_to(catalogue, name, own)) {
      throw Error(Errc::kInvalidArgument, "container " + text::quoted(own) + " cannot require " + text::quoted(name) +
                                              (name == own ? "" : ", which in the end requires it"));
    }
  }
}

}  // namespace

void check_agreement(const Catalogue& catalogue, const model::ContainerRecord& record) {
  check_ports(catalogue, record);
  check_requirements(catalogue, record);
}

void give_address(const Catalogue& catalogue, model::ContainerRecord& record, const model::AddressPool& pool) {
  auto& network = record.definition.network;
  if (!network.is_ours() || network.address != 0) return;
  std::vector<model::Network> taken;
  for (const auto& [name, other] : catalogue.containers()) {
    if (name != record.name.str()) taken.push_back(other.definition.network);
  }
  network = model::with_address(network, taken, pool);
}

std::vector<std::string> requiring(const Catalogue& catalogue, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [other, record] : catalogue.containers()) {
    if (std::ranges::contains(record.definition.requirements, name)) names.push_back(other);
  }
  return names;
}

}  // namespace sdme::store
