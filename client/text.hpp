// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Text for people.
namespace sdme::client {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// UTF-8 without control characters, which could drive a terminal: what is not becomes '?'.
std::string printable(std::string_view text);

// How many columns it takes on a terminal of this locale.
std::size_t columns_of(const std::string& text);
// Its beginning, no wider than that.
std::string first_columns(const std::string& text, std::size_t columns);

std::string human_bytes(std::uint64_t bytes);             // 1.5 GiB
std::string counted(std::uint64_t count, std::string_view thing);  // 1 layer, 2 layers
std::string human_duration(std::chrono::seconds length);  // 0:07, 1:02:03
std::string local_time(std::uint64_t usec);               // 2025-08-09 12:00
std::string local_time_of_event(std::uint64_t usec);      // 2025-08-09 12:00:01
std::string user_name(std::uint32_t uid);                 // or the number

// As a shell would have to be given it.
std::string shell_quote(std::string_view word);

}  // namespace sdme::client
