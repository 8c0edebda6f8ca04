// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>
#include <any>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "globals.hpp"
#include "verb.hpp"

namespace sdme::client {

// What a command line asked for.
struct Request {
  std::any verb;  // a std::shared_ptr of it
  std::function<int(Client&)> run;
};

// argv, made into a verb with its options and the options that all verbs have.
class CommandLine {
 public:
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // Without argv[0]. Throws a CLI::ParseError, for help and for the version as well.
  void parse(std::vector<std::string> words);
  // Prints what the error asks for or what is wrong; returns the exit status.
  int explain(const CLI::ParseError& error);

  const Globals& globals() const { return globals_; }
  const Request& request() const { return request_; }

 private:
  template <Verb T>
  CLI::App* add_verb(CLI::App& parent);

  // Verbs below a word that does nothing alone.
  static CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& summary);

  void define_globals();
  void define_verbs();
  void define_pod_verbs();
  // The words of a command, which are the guest's to understand, are taken off the end.
  std::vector<std::string> split_command(const std::vector<std::string>& words);
  bool takes_value(const CLI::App* app, const std::string& word) const;

  CLI::App app_;
  Globals globals_;
  Request request_;
  std::vector<std::string> command_;
  // Verbs that take a command, and whether one may follow the name without --.
  std::vector<std::pair<const CLI::App*, bool>> command_verbs_;
};

}  // namespace sdme::client
