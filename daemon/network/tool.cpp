// SPDX-License-Identifier: MIT
#include "network/tool.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/program.hpp"

namespace sdme::network {

namespace {

constexpr std::size_t kMostPrinted = 16 * 1024 * 1024;

std::string find_program(const std::string& name) {
  for (const char* directory : {"/usr/sbin/", "/usr/bin/"}) {
    if (auto path = directory + name; access(path.c_str(), X_OK) == 0) return path;
  }
  throw Error(Errc::kNotSupported, "the program '" + name + "' is not installed, and is needed for networks");
}

}  // namespace

void require_tool(const std::string& name) { static_cast<void>(find_program(name)); }

std::string run_tool(const std::string& name, const std::vector<std::string>& arguments, std::string_view input) {
  const auto in = os::sealed_memory(input, "input");
  const os::UniqueFd out(memfd_create("output", MFD_CLOEXEC | MFD_NOEXEC_SEAL));
  if (!out) throw_errno("making a file in memory");
  std::vector<std::string> argv = {find_program(name)};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  os::Program program({.argv = argv, .fds = {in.get(), out.get(), -1}});
  const int status = program.wait();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw Error(Errc::kCommandFailed, name + " failed: " + program.words());
  if (lseek(out.get(), 0, SEEK_SET) < 0) throw_errno("reading what " + name + " printed");
  return os::read_all(out.get(), kMostPrinted, name);
}

void run_ip(const std::vector<std::string>& commands) {
  run_tool("ip", {"-batch", "-"}, text::join(commands, "\n") + "\n");
}

bool has_interface(const std::string& name) { return access(("/sys/class/net/" + name).c_str(), F_OK) == 0; }

void delete_interface(const std::string& name) {
  if (!has_interface(name)) return;
  try {
    run_ip({"link delete " + name});
  } catch (const Error&) {
    if (has_interface(name)) throw;
  }
}

void run_nft(std::string_view rules) { run_tool("nft", {"-f", "-"}, rules); }

}  // namespace sdme::network
