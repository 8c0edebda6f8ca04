// SPDX-License-Identifier: MIT
#include "store/agreement.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace sdme::store {

namespace {

// What publishes ports, and is not compared with itself.
struct Publisher {
  std::string title;  // "container 'web'"
  const std::vector<model::Port>& ports;
};

std::string title(const model::ContainerRecord& record) { return "container " + text::quoted(record.name.str()); }
std::string title(const model::PodRecord& record) { return "pod " + text::quoted(record.name.str()); }

void check_apart(const Publisher& one, const Publisher& other) {
  if (one.title == other.title) return;
  for (const auto& port : one.ports) {
    if (std::ranges::any_of(other.ports, [&](const model::Port& held) { return held.collides(port); }))
      throw Error(Errc::kInUse, "port " + port.str() + " is published by " + other.title);
  }
}

void check_ports(const Everybody& others, const Publisher& one) {
  for (const auto& [name, record] : others.catalogue.containers())
    check_apart(one, {.title = title(record), .ports = record.definition.ports});
  for (const auto& [name, record] : others.pods.all())
    check_apart(one, {.title = title(record), .ports = record.ports});
}

void give(const Everybody& others, model::Network& network, const std::string& self, const model::AddressPool& pool) {
  if (!network.is_ours() || network.address != 0) return;
  std::vector<model::Network> taken;
  const auto add = [&](const std::string& other, const model::Network& theirs) {
    if (other != self) taken.push_back(theirs);
  };
  for (const auto& [name, record] : others.catalogue.containers()) add(title(record), record.definition.network);
  for (const auto& [name, record] : others.pods.all()) add(title(record), record.network);
  for (const auto& [name, record] : others.pods.expected()) add(title(record), record.network);
  network = model::with_address(network, taken, pool);
}

constexpr std::size_t kLongestLabel = 63;  // RFC 1035

bool share_a_zone(const model::Network& one, const model::Network& other) {
  return one.mode == model::Network::Mode::kZone && one.str() == other.str();
}

void check_resolves(const std::string& title, const std::string& name, const model::Network& network) {
  if (network.mode != model::Network::Mode::kZone || name.size() <= kLongestLabel) return;
  throw Error(Errc::kInvalidArgument, title + " has too long a name for a zone: at most " +
                                          std::to_string(kLongestLabel) + " characters resolve");
}

[[noreturn]] void refuse_name(const model::Network& zone, const std::string& holder) {
  throw Error(Errc::kInUse, "in zone " + text::quoted(zone.name) + " that is the name of " + holder);
}

// Of the containers that are so.
template <typename IsSo>
std::vector<std::string> names_of(const Catalogue& catalogue, IsSo is_so) {
  std::vector<std::string> names;
  for (const auto& [name, record] : catalogue.containers()) {
    if (is_so(record.definition)) names.push_back(name);
  }
  return names;
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
    const auto* other = catalogue.find_container(name);
    if (name != own && other == nullptr)
      throw Error(Errc::kNotFound, "there is no container " + text::quoted(name) + " to require");
    if (name != own && other->definition.ephemeral)
      throw Error(Errc::kInvalidArgument,
                  "container " + text::quoted(name) + " is removed when it stops, so none can require it");
    if (leads_to(catalogue, name, own)) {
      throw Error(Errc::kInvalidArgument, "container " + text::quoted(own) + " cannot require " + text::quoted(name) +
                                              (name == own ? "" : ", which in the end requires it"));
    }
  }
}

void check_volumes(const Catalogue& catalogue, const model::ContainerRecord& record) {
  for (const auto& bind : record.definition.binds) {
    if (bind.is_volume() && catalogue.find_volume(bind.source) == nullptr)
      throw Error(Errc::kNotFound, "there is no volume " + text::quoted(bind.source) + "; 'sdmectl volume create " +
                                       bind.source + "' makes one");
  }
}

// One that others need does not go by itself.
void check_lasting(const Catalogue& catalogue, const model::ContainerRecord& record) {
  if (!record.definition.ephemeral) return;
  const auto others = requiring(catalogue, record.name.str());
  if (others.empty()) return;
  throw Error(Errc::kInUse, "container " + text::quoted(record.name.str()) +
                                " cannot be one that is removed when it stops: " + text::join(others, ", ") +
                                " requires it");
}

void add_required(const Catalogue& catalogue, const model::ContainerRecord& record,
                  std::vector<const model::ContainerRecord*>& to) {
  for (const auto& name : record.definition.requirements) {
    const auto* other = catalogue.find_container(name);
    if (other == nullptr) {
      throw Error(Errc::kNotFound, "container " + text::quoted(record.name.str()) + " requires " + text::quoted(name) +
                                       ", which does not exist");
    }
    if (std::ranges::contains(to, other)) continue;
    add_required(catalogue, *other, to);
    to.push_back(other);
  }
}

}  // namespace

void check_agreement(const Everybody& others, const model::ContainerRecord& record) {
  check_ports(others, {.title = title(record), .ports = record.definition.ports});
  check_name_in_zone(others, record);
  check_requirements(others.catalogue, record);
  check_volumes(others.catalogue, record);
  check_lasting(others.catalogue, record);
  const auto& pod = record.definition.pod();
  if (!pod.empty() && others.pods.find(pod) == nullptr)
    throw Error(Errc::kNotFound, "there is no pod " + text::quoted(pod) + "; 'sdmectl pod new' makes one");
}

std::string unused_uuid(const Catalogue& catalogue, const std::function<std::string()>& draw) {
  while (true) {
    const model::ContainerRecord drawn{.name = model::ContainerName::parse("drawn"), .uuid = draw()};
    const auto has_it = [&](const auto& other) { return other.second.project() == drawn.project(); };
    if (std::ranges::none_of(catalogue.containers(), has_it)) return drawn.uuid;
  }
}

std::vector<std::string> foreign_volumes(const Catalogue& catalogue, const model::ContainerRecord& record,
                                         std::uint32_t caller) {
  std::vector<std::string> features;
  for (const auto& bind : record.definition.binds) {
    const auto* volume = bind.is_volume() ? catalogue.find_volume(bind.source) : nullptr;
    if (volume == nullptr || (volume->owner == record.owner && volume->owner == caller)) continue;
    features.push_back("volume:" + bind.source + (bind.writable ? "" : ":ro") + " of " + std::to_string(volume->owner));
  }
  return features;
}

void check_unused_volume(const Catalogue& catalogue, const std::string& name) {
  const auto users = catalogue.users_of_volume(name);
  if (users.empty()) return;
  throw Error(Errc::kInUse, "volume " + text::quoted(name) + " is used by " +
                                (users.size() == 1 ? "container " : "containers ") + text::join(users, ", "));
}

void check_name_in_zone(const Everybody& others, const model::ContainerRecord& record) {
  const auto& network = record.definition.network;
  check_resolves(title(record), record.name.str(), network);
  const auto* pod = others.pods.find(record.name.str());
  if (pod != nullptr && share_a_zone(network, pod->network)) refuse_name(network, title(*pod));
}

void check_name_in_zone(const Everybody& others, const model::PodRecord& record) {
  check_resolves(title(record), record.name.str(), record.network);
  const auto* container = others.catalogue.find_container(record.name.str());
  if (container != nullptr && share_a_zone(record.network, container->definition.network))
    refuse_name(record.network, title(*container));
}

void check_agreement(const Everybody& others, const model::PodRecord& record) {
  check_name_in_zone(others, record);
  check_ports(others, {.title = title(record), .ports = record.ports});
}

void give_address(const Everybody& others, model::ContainerRecord& record, const model::AddressPool& pool) {
  give(others, record.definition.network, title(record), pool);
}

void give_address(const Everybody& others, model::PodRecord& record, const model::AddressPool& pool) {
  give(others, record.network, title(record), pool);
}

std::vector<std::string> requiring(const Catalogue& catalogue, const std::string& name) {
  return names_of(catalogue, [&](const model::Definition& definition) {
    return std::ranges::contains(definition.requirements, name);
  });
}

std::vector<std::string> members_of_pod(const Catalogue& catalogue, const std::string& pod) {
  return names_of(catalogue, [&](const model::Definition& definition) { return definition.pod() == pod; });
}

std::vector<std::string> oci_members_of_pod(const Catalogue& catalogue, const std::string& pod) {
  return names_of(catalogue, [&](const model::Definition& definition) { return definition.oci_pod == pod; });
}

// There is no cycle: check_agreement().
std::vector<const model::ContainerRecord*> required_by(const Catalogue& catalogue,
                                                       const model::ContainerRecord& record) {
  std::vector<const model::ContainerRecord*> required;
  add_required(catalogue, record, required);
  return required;
}

}  // namespace sdme::store
