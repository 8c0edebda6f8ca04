// SPDX-License-Identifier: MIT
// Compiled once a room: what nearly each of its files includes by way of its own headers, and is slow to read.
#pragma once

#include <sdbus-c++/sdbus-c++.h>
#include <systemd/sd-event.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>
