// SPDX-License-Identifier: MIT
#pragma once

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

}  // namespace sdme::bus::requests
