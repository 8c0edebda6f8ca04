// SPDX-License-Identifier: MIT
#include "credentials.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "credential_helper.hpp"
#include "failure.hpp"
#include "terminal.hpp"
#include "text.hpp"

namespace sdme::client {

namespace {

constexpr std::size_t kLargestFile = 1024 * 1024;

// "" counts as unset, as the XDG rules have it.
std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string or_below(const std::string& given, const std::string& directory, const char* name) {
  return given.empty() ? directory + "/" + name : given;
}

std::string home_directory() {
  auto home = variable("HOME");
  const auto* entry = home.empty() ? ::getpwuid(::geteuid()) : nullptr;
  return entry ? entry->pw_dir : home;
}

// Nothing when it is not there. A pipe is taken from a user who names it, as shells make of <(command).
std::optional<std::string> content_of(const AuthPlace& place) {
  const Fd fd(::open(place.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | (place.chosen ? 0 : O_NONBLOCK)));
  struct stat status{};
  if (!fd && !place.chosen && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (!fd || ::fstat(fd.get(), &status) < 0) throw failure_of_errno("cannot be read", exit_code::kBadInput);
  if (!S_ISREG(status.st_mode) && !(place.chosen && S_ISFIFO(status.st_mode))) {
    throw Failure(exit_code::kBadInput, "is not a file");
  }
  std::string text;
  char buffer[16 * 1024];
  for (;;) {
    const auto count = ::read(fd.get(), buffer, sizeof(buffer));
    if (count < 0) throw failure_of_errno("cannot be read", exit_code::kBadInput);
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > kLargestFile) throw Failure(exit_code::kBadInput, "has more than 1 MiB");
  }
}

// The login in one file. A helper that fails is told of and passed over.
std::optional<Credentials> ask_place(Loop& loop, const AuthPlace& place, const std::string& text,
                                     const std::vector<std::string>& keys, std::vector<std::string>& warnings) {
  auto answer = look_up(text, place.format, keys);
  if (!answer.helper) return std::move(answer.stored);
  try {
    if (auto login = ask_helper(loop, *answer.helper)) return Credentials{answer.helper->key, std::move(*login)};
  } catch (const Failure& failure) {
    warnings.push_back(fmt::format("{}: {}", place.path, failure.message));
  }
  return std::move(answer.stored);
}

}  // namespace

std::vector<AuthPlace> auth_places(const std::string& authfile) {
  if (!authfile.empty()) return {{.path = authfile, .chosen = true}};
  if (const auto named = variable("REGISTRY_AUTH_FILE"); !named.empty()) return {{.path = named}};
  const auto home = home_directory();
  const auto runtime = variable("XDG_RUNTIME_DIR");
  std::vector<AuthPlace> places;
  places.push_back({.path = runtime.empty() ? fmt::format("/run/containers/{}/auth.json", ::geteuid())
                                            : runtime + "/containers/auth.json"});
  places.push_back({.path = or_below(variable("XDG_CONFIG_HOME"), home, ".config") + "/containers/auth.json"});
  places.push_back({.path = or_below(variable("DOCKER_CONFIG"), home, ".docker") + "/config.json"});
  places.push_back({.path = home + "/.dockercfg", .format = AuthFormat::kDockercfg});
  return places;
}

CredentialSearch find_credentials(Loop& loop, const Reference& reference, const std::vector<AuthPlace>& places) {
  const auto keys = credential_keys(reference);
  CredentialSearch search;
  for (const auto& place : places) {
    try {
      const auto text = content_of(place);
      if (!text) continue;
      search.looked_in.push_back(place.path);
      search.found = ask_place(loop, place, *text, keys, search.warnings);
    } catch (Failure& failure) {
      failure.message = place.path + " " + failure.message;
      if (place.chosen) throw;
      search.warnings.push_back(failure.message + ": it is passed over");
    }
    if (search.found) {
      search.where = place.path;
      break;
    }
  }
  return search;
}

Credentials typed_credentials(Loop& loop, const std::string& typed, const std::string& host) {
  const auto colon = typed.find(':');
  Credentials credentials{.key = host, .login = {.username = typed.substr(0, colon)}};
  if (credentials.login.username.empty()) throw Failure(exit_code::kUsage, "--creds wants USER[:PASSWORD]");
  if (colon != std::string::npos) {
    credentials.login.password = typed.substr(colon + 1);
    return credentials;
  }
  auto password = ask_secret(loop, fmt::format("Password of {} for {}: ", credentials.login.username, host));
  if (!password) {
    throw Failure(exit_code::kUsage, "--creds has no password, and there is no terminal to ask for one",
                  "--authfile takes it from a file");
  }
  credentials.login.password = std::move(*password);
  return credentials;
}

Fd sealed(const Credentials& credentials) {
  const auto text = auths_json(credentials);
  Fd fd(::memfd_create("credentials", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const bool whole = fd && ::pwrite(fd.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  if (!whole || ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0) {
    throw failure_of_errno("keeping credentials in memory");
  }
  return fd;
}

}  // namespace sdme::client
