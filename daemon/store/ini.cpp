// SPDX-License-Identifier: MIT
#include "store/ini.hpp"

#include <ini.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace sdme::store {

namespace {

constexpr std::string_view kBlank = " \t\r";

struct Reading {
  std::string_view text;  // lines that are still to be read
  std::string_view line;  // what is left of the one that is being read
  bool continues = false;  // what was handed out last is not the line's beginning
  bool taken = false;      // the line's beginning was an assignment
  int number = 0;          // lines that were handed out, for the library counts them too
  std::vector<int> numbers = {};  // of each of those, its line in the file
  std::vector<std::string>& faults;
  std::vector<Assignment> assignments = {};
};

std::string_view take_line(Reading& reading) {
  const auto end = std::min(reading.text.find('\n'), reading.text.size());
  auto line = reading.text.substr(0, end);
  reading.text.remove_prefix(std::min(end + 1, reading.text.size()));
  ++reading.number;
  for (auto at = line.find(';'); at != std::string_view::npos; at = line.find(';', at + 1)) {
    if (at == 0 || kBlank.find(line[at - 1]) != std::string_view::npos) line = line.substr(0, at);
  }
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  line = line.substr(0, line.find_last_not_of(kBlank) + 1);
  if (line.find('\0') != std::string_view::npos) {
    reading.faults.push_back("line " + std::to_string(reading.number) + " is not text");
    return {};
  }
  return line.starts_with('#') ? std::string_view{} : line;
}

// As much of the line as fits, so that the library neither strips the rest nor takes it for a comment.
std::size_t piece_that_fits(std::string_view line, std::size_t room) {
  if (line.size() <= room) return line.size();
  const auto splits = [&](std::size_t at) {
    return kBlank.find(line[at - 1]) == std::string_view::npos && kBlank.find(line[at]) == std::string_view::npos &&
           line[at] != ';' && line[at] != '#';
  };
  auto at = room;
  while (at > 1 && !splits(at)) --at;
  return at;
}

// Hands the library one line, as fgets(3) does. It has a small buffer, and takes an indented line for more of the
// value before: so no line of the file arrives indented, and the rest of a long one does.
char* next_line(char* buffer, int size, void* stream) {
  auto& reading = *static_cast<Reading*>(stream);
  reading.continues = !reading.line.empty();
  if (!reading.continues) {
    if (reading.text.empty()) return nullptr;
    reading.line = take_line(reading);
    reading.taken = false;
  }
  const auto length = piece_that_fits(reading.line, static_cast<std::size_t>(size) - 3);
  char* end = buffer;
  if (reading.continues) *end++ = ' ';
  end = std::copy_n(reading.line.begin(), length, end);
  *end++ = '\n';
  *end = '\0';
  reading.line.remove_prefix(length);
  reading.numbers.push_back(reading.number);
  return buffer;
}

int take(void* user, const char* section, const char* key, const char* value) {
  auto& reading = *static_cast<Reading*>(user);
  if (!reading.continues) {
    reading.taken = true;
    reading.assignments.push_back({section, key, value});
  } else if (reading.taken) {
    reading.assignments.back().value += value;
  }
  return 1;
}

}  // namespace

std::vector<Assignment> parse_ini(const std::string& text, std::vector<std::string>& faults) {
  Reading reading{.text = text, .faults = faults};
  const int faulty = ini_parse_stream(next_line, &reading, take, &reading);
  if (faulty > 0) {
    const auto line = reading.numbers.at(static_cast<std::size_t>(faulty) - 1);
    faults.push_back("line " + std::to_string(line) + " is neither a section nor 'Key=value'");
  }
  return std::move(reading.assignments);
}

}  // namespace sdme::store
