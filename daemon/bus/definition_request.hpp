// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bus/options.hpp"
#include "model/definition.hpp"
#include "store/settings.hpp"

// Definitions as callers write them, documented at CreateContainer and UpdateContainer. InvalidArgument
// for what makes no sense, NotFound for a security profile that does not exist.
namespace sdme::bus::requests {

struct DefinitionRequest {
  model::Definition definition;  // every default filled in
  bool cancel_on_disconnect = false;
};

DefinitionRequest new_definition(const Options& options, bool host_clone, const store::Settings& settings);

// `now` with what the caller changes in it.
DefinitionRequest changed_definition(const Options& options, const model::Definition& now);

// Lists of ports, of containers and pods alike: under `key`, and with "add-ports" and "remove-ports".
std::optional<std::vector<model::Port>> take_ports(OptionReader& reader, const std::string& key);
void edit_ports(OptionReader& reader, std::vector<model::Port>& ports);

}  // namespace sdme::bus::requests
