// SPDX-License-Identifier: MIT
// Compiled once: what nearly each file of the client includes by way of its own headers, and is slow to read.
#pragma once

#include <fmt/format.h>
#include <sdbus-c++/sdbus-c++.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>
