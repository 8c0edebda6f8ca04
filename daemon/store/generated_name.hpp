// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "model/names.hpp"

// A name for a container whose maker gave none: a short word, chosen at random among those that
// are free; when all are taken, a word with a number.
namespace sdme::store {

model::ContainerName generate_name(const std::function<bool(const model::ContainerName&)>& is_free);

// The words, sorted.
std::span<const std::string_view> name_words();

}  // namespace sdme::store
