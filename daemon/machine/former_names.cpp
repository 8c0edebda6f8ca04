// SPDX-License-Identifier: MIT
#include "machine/former_names.hpp"

#include <sstream>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

constexpr std::size_t kLongest = 64 * 1024;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// As machine/seed wrote them.
std::string with_name(const std::string& text, const std::string& former, const std::string& name) {
  std::string changed;
  for (auto line : lines_of(text)) {
    for (const std::string start : {"", "127.0.0.1 localhost ", "::1 localhost "}) {
      if (line == start + former) line = start + name;
    }
    changed += line + "\n";
  }
  return changed;
}

void rewrite(const os::Dir& etc, const char* file, const std::vector<std::string>& former, const std::string& name) {
  const auto before = etc.find_text(file, kLongest);
  if (!before) return;
  auto after = *before;
  for (const auto& one : former) after = with_name(after, one, name);
  if (after != *before) etc.write(file, after, 0644);
}

}  // namespace

// The files are the guest's: what cannot be read or written there is no reason not to boot.
void tell_new_name(const os::Dir& container, const os::Dir& written, const std::string& name) {
  const auto former = container.find_text(layout::kFormerNames, kLongest);
  if (!former) return;
  try {
    if (const auto etc = written.find_dir(std::string(layout::kUpper) + "/etc")) {
      rewrite(*etc, "hostname", lines_of(*former), name);
      rewrite(*etc, "hosts", lines_of(*former), name);
    }
  } catch (const Error& error) {
    log::warning("container '" + name + "' keeps a former name inside: " + error.message());
  }
  container.remove(layout::kFormerNames);
}

}  // namespace sdme::machine
