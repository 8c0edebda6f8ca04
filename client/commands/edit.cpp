// SPDX-License-Identifier: MIT
#include "commands/edit.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "child.hpp"
#include "client.hpp"
#include "containers.hpp"
#include "definition_text.hpp"
#include "terminal.hpp"
#include "text.hpp"
#include "update.hpp"

namespace sdme::client {

namespace {

std::string editor() {
  for (const char* variable : {"VISUAL", "EDITOR"}) {
    const char* value = std::getenv(variable);
    if (value != nullptr && *value != '\0') return value;
  }
  if (can_ask()) return "vi";
  throw Failure(exit_code::kUsage, "there is no terminal to edit on",
                "VISUAL or EDITOR may name a program that needs none; or use 'sdmectl set'");
}

std::string write_draft(const std::string& name, const std::string& text) {
  std::error_code unknown;
  auto directory = std::filesystem::temp_directory_path(unknown).string();
  if (unknown) directory = "/tmp";
  auto path = directory + "/sdmectl-" + name + "-XXXXXX.toml";
  const Fd fd(::mkstemps(path.data(), 5));
  if (!fd) throw failure_of_errno("making a file in " + directory);
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw failure_of_errno("writing " + path);
  return path;
}

std::string read_draft(const std::string& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) throw Failure(exit_code::kBadInput, "what was edited cannot be read: " + path);
  return text.str();
}

bool is_untouched(const std::string& path, const std::string& text) {
  std::ifstream stream(path);
  std::ostringstream now;
  now << stream.rdbuf();
  return !stream || now.str() == text;
}

// The variable is a command with options, as everywhere: so a shell reads it. Signals of the terminal are the editor's.
void run_editor(Client& client, const std::string& path) {
  const auto command = editor();
  const Loop::SignalScope deaf(client.loop, [](int) {});
  Child child({"/bin/sh", "-c", command + " \"$1\"", "sh", path},
              {.in = STDIN_FILENO, .out = STDOUT_FILENO, .err = STDERR_FILENO});
  bool ended = false;
  Loop::Watch watch(client.loop, child.pidfd(), [&](short) { ended = true; });
  watch.want(POLLIN);
  client.loop.run_until([&] { return ended; });
  const auto status = child.status();
  if (!status || !WIFEXITED(*status) || WEXITSTATUS(*status) != 0)
    throw Failure(exit_code::kFailed,
                  fmt::format("the editor ('{}') failed, and nothing was changed", printable(command)));
}

}  // namespace

void Edit::define(CLI::App& app) { app.add_option("NAME", name, "name of the container")->required(); }

int Edit::run(Client& client) const {
  const auto container = find_container(client, name);
  const auto before = definition_text(client.bus.await(client.bus.gated().InspectContainer(container, {})));
  const auto path = write_draft(container, before);
  try {
    run_editor(client, path);
    const auto changes = definition_changes(before, read_draft(path));
    changes.empty() ? client.out.say("sdmectl: nothing was changed") : update_container(client, container, changes);
  } catch (Failure& failure) {
    if (is_untouched(path, before)) {
      ::unlink(path.c_str());
      throw;
    }
    failure.hint += (failure.hint.empty() ? "" : "; ") + fmt::format("what you wrote is kept in {}", path);
    throw;
  }
  ::unlink(path.c_str());
  return exit_code::kDone;
}

}  // namespace sdme::client
