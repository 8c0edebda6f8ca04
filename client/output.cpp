// SPDX-License-Identifier: MIT
#include "output.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <cerrno>

#include "failure.hpp"
#include "terminal.hpp"

namespace sdme::client {

namespace {

// False when nobody reads any more.
bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

void Output::result(std::string_view text) {
  clear();
  if (reader_gone_ || write_all(STDOUT_FILENO, text)) return;
  if (errno != EPIPE) throw failure_of_errno("writing to standard output");
  reader_gone_ = true;
}

void Output::results(const JsonValue& json) { result(json_text(json, globals_.json)); }
void Output::results(const Dict& dict) { results(json_of(dict)); }
void Output::results(const std::vector<Dict>& dicts) { results(json_of(dicts)); }

void Output::table(const Table& table) {
  result(table.text({.legend = globals_.legend, .colours = wants_colours(STDOUT_FILENO)}));
}

void Output::say(std::string_view text) {
  clear();
  (void)write_all(STDERR_FILENO, fmt::format("{}\n", text));
}

void Output::say(const Failure& failure) {
  say(sentence(failure, globals_.verbose ? Detail::kVerbose : Detail::kPlain));
}

Progress Output::progress() const {
  if (globals_.progress != Progress::kAuto) return globals_.progress;
  const char* term = std::getenv("TERM");
  return is_terminal(STDERR_FILENO) && term && std::string_view(term) != "dumb" ? Progress::kBar : Progress::kPlain;
}

void Output::draw(const std::vector<std::string>& lines) {
  std::string text;
  if (drawn_ > 0) text += fmt::format("\r\033[{}A\033[J", drawn_);
  for (const auto& line : lines) text += line + "\n";
  drawn_ = lines.size();
  (void)write_all(STDERR_FILENO, text);
}

void Output::clear() {
  if (drawn_ > 0) draw({});
}

}  // namespace sdme::client
