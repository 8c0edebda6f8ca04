// SPDX-License-Identifier: MIT
#include "inspection.hpp"

#include <nlohmann/json.hpp>

#include "text.hpp"

namespace sdme::client {

namespace {

// A command is shown as a shell would have to be given it, one word a line.
std::string value_text(const std::string& key, const sdbus::Variant& value) {
  if (key != "command") return plain_text(key, value);
  std::vector<std::string> words;
  for (const auto& word : value.get<std::vector<std::string>>()) words.push_back(shell_quote(word));
  return join(words, " ");
}

}  // namespace

std::string block_of(const Dict& dict) {
  Table table({"", ""});
  for (const std::string first : {"name", "id"}) {
    if (dict.contains(first)) table.add({first + ":", value_text(first, dict.at(first))});
  }
  for (const auto& [key, value] : dict) {
    if (key != "name" && key != "id") table.add({key + ":", value_text(key, value)});
  }
  return table.text({.legend = false, .colours = false});
}

int show_each(Client& client, std::size_t count, const std::function<Dict(std::size_t)>& inspect, const Shown& shown) {
  int status = exit_code::kDone;
  std::vector<Dict> all;
  for (std::size_t i = 0; i < count; ++i) {
    try {
      all.push_back(inspect(i));
    } catch (const Failure& failure) {
      client.out.say(failure);
      if (status == exit_code::kDone) status = failure.exit_status;
    }
  }
  if (client.out.wants_json()) {
    auto json = JsonValue::array();
    for (const auto& one : all) json.push_back(shown.json ? shown.json(one) : json_of(one));
    client.out.results(json);
    return status;
  }
  for (std::size_t i = 0; i < all.size(); ++i) client.out.result((i > 0 ? "\n" : "") + shown.block(all[i]));
  return status;
}

}  // namespace sdme::client
