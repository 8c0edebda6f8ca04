// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "globals.hpp"
#include "json.hpp"
#include "table.hpp"

namespace sdme::client {

// Where words go: results to standard output, everything else to standard error, and between them a few lines
// that are drawn again and again and leave nothing behind.
class Output {
 public:
  explicit Output(const Globals& globals) : globals_(globals) {}
  ~Output() { clear(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // A reader that went away is no error: what else comes is dropped.
  void result(std::string_view text);
  void results(const JsonValue& json);
  void results(const Dict& dict);
  void results(const std::vector<Dict>& dicts);
  void table(const Table& table);
  bool wants_json() const { return globals_.json != Json::kOff; }

  // A sentence for the user.
  void say(std::string_view text);
  void say(const Failure& failure);

  // Progress as it has to be shown here: never kAuto.
  Progress progress() const;
  void draw(const std::vector<std::string>& lines);
  void clear();

 private:
  const Globals& globals_;
  std::size_t drawn_ = 0;
  bool reader_gone_ = false;
};

}  // namespace sdme::client
