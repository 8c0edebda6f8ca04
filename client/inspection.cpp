// SPDX-License-Identifier: MIT
#include "inspection.hpp"

#include "text.hpp"

namespace sdme::client {

namespace {

// A command is shown as a shell would have to be given it, one word a line.
std::string shown(const std::string& key, const sdbus::Variant& value) {
  if (key != "command") return plain_text(key, value);
  std::vector<std::string> words;
  for (const auto& word : value.get<std::vector<std::string>>()) words.push_back(shell_quote(word));
  return join(words, " ");
}

}  // namespace

std::string block_of(const Dict& dict) {
  Table table({"", ""});
  for (const std::string first : {"name", "id"}) {
    if (dict.contains(first)) table.add({first + ":", shown(first, dict.at(first))});
  }
  for (const auto& [key, value] : dict) {
    if (key != "name" && key != "id") table.add({key + ":", shown(key, value)});
  }
  return table.text({.legend = false, .colours = false});
}

int show_each(Client& client, std::size_t count, const std::function<Dict(std::size_t)>& inspect) {
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
    client.out.results(all);
    return status;
  }
  for (std::size_t i = 0; i < all.size(); ++i) client.out.result((i > 0 ? "\n" : "") + block_of(all[i]));
  return status;
}

}  // namespace sdme::client
