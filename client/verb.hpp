// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sdme::client {

struct Client;

// One verb of the command line: its options are members, define() ties them to the parser, run() does it and returns
// the exit status.
template <typename T>
concept Verb = std::default_initializable<T> && requires(T verb, const T& parsed, CLI::App& app, Client& client) {
  { T::kName } -> std::convertible_to<const char*>;
  { T::kSummary } -> std::convertible_to<const char*>;
  { T::kExamples } -> std::convertible_to<const char*>;
  verb.define(app);
  { parsed.run(client) } -> std::same_as<int>;
};

// A verb that takes the words of a command, which are not ours to parse.
template <typename T>
concept CommandVerb = Verb<T> && requires(T verb) {
  { verb.command } -> std::same_as<std::vector<std::string>&>;
  { T::kCommandAfterName } -> std::convertible_to<bool>;
};

}  // namespace sdme::client
