// SPDX-License-Identifier: MIT
#include "model/pod.hpp"

#include "model/versioned.hpp"

namespace sdme::model {

namespace {

std::vector<std::string> texts_of(const std::vector<Port>& ports) {
  std::vector<std::string> texts;
  for (const auto& port : ports) texts.push_back(port.str());
  return texts;
}

}  // namespace

void PodRecord::check() const {
  if (network.mode != Network::Mode::kPrivate && !network.is_ours())
    throw Error(Errc::kInvalidArgument, "a pod is private, or attached by veth or to a zone, and not " + network.str());
  check_collisions(ports);
}

std::vector<std::string> PodRecord::host_features() const {
  std::vector<std::string> features;
  for (const auto& port : ports) {
    if (port.is_reserved()) features.push_back("port:" + std::to_string(port.host));
  }
  return features;
}

std::string PodRecord::to_text() const {
  auto value = raw;
  value.update({{"version", kPodVersion},
                {"name", name.str()},
                {"uuid", uuid},
                {"owner", owner},
                {"created_usec", created_usec},
                {"network", network.to_json()},
                {"ports", texts_of(ports)}});
  return value.dump(2, ' ', false, json::Value::error_handler_t::replace) + "\n";
}

PodRecord PodRecord::from_text(const std::string& text, const std::string& what) {
  return while_doing(what, [&] {
    const auto value = parse_versioned(text, "the record", kPodVersion);
    std::vector<Port> ports;
    for (const auto& port : json::get<std::vector<std::string>>(value, "ports")) ports.push_back(Port::parse(port));
    return PodRecord{.name = PodName::parse(json::get<std::string>(value, "name")),
                     .uuid = json::get<std::string>(value, "uuid"),
                     .owner = json::get<std::uint32_t>(value, "owner"),
                     .created_usec = json::get<std::uint64_t>(value, "created_usec"),
                     .network = Network::from_json(value.at("network")),
                     .ports = std::move(ports),
                     .raw = value};
  });
}

}  // namespace sdme::model
