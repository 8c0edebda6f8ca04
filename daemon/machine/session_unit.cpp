// SPDX-License-Identifier: MIT
#include "machine/session_unit.hpp"

#include "base/error.hpp"
#include "store/layout.hpp"

namespace sdme::machine {

namespace {

constexpr std::uint64_t kStopUsec = 3'000'000;  // between SIGTERM and SIGKILL of what a command left behind

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  throw Error(Errc::kInvalidArgument, "bytes of the request are not in hexadecimal");
}

std::string from_hex(const std::string& hex) {
  if (hex.size() % 2 != 0) throw Error(Errc::kInvalidArgument, "bytes of the request are not in hexadecimal");
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  if (bytes.contains('\0')) throw Error(Errc::kInvalidArgument, "an argument has a NUL byte in it");
  return bytes;
}

std::vector<std::string> from_hex(std::vector<std::string> list) {
  for (auto& item : list) item = from_hex(item);
  return list;
}

}  // namespace

SessionRequest SessionRequest::from_json(const json::Value& request) {
  const auto mode = json::get<std::string>(request, "mode");
  if (mode != "exec" && mode != "shell") throw Error(Errc::kInvalidArgument, "there is no mode '" + mode + "'");
  const auto user = json::get<std::string>(request, "user");
  return {.job = json::get<std::uint64_t>(request, "job"),
          .name = json::get<std::string>(request, "name"),
          .user = user.empty() ? "root" : user,
          .command = {.terminal = mode == "shell",
                      .directory = from_hex(json::get<std::string>(request, "cwd")),
                      .argv = from_hex(json::get<std::vector<std::string>>(request, "argv")),
                      .env = from_hex(json::get<std::vector<std::string>>(request, "env"))},
          .rows = json::get_or<std::uint16_t>(request, "rows", 0),
          .columns = json::get_or<std::uint16_t>(request, "columns", 0)};
}

systemd::TransientUnit session_unit(const SessionRequest& request, int socket, const std::string& terminal) {
  systemd::TransientUnit unit = {
      .name = "sdme-session-" + std::to_string(request.job) + ".service",
      .description = "Command of sdmed's",
      .argv = {layout::kGuestSession},
      .properties = {{"Type", std::string("exec")},
                     {"User", request.user},
                     {"StandardInputFileDescriptor", systemd::FdValue{socket}},
                     {"StandardOutput", std::string("null")},
                     {"StandardError", std::string("journal")},
                     {"TimeoutStopUSec", kStopUsec},
                     {"SendSIGHUP", true},  // shells end for this and not for SIGTERM
                     // The helper is gone with its outcome told; what could be left is for us to read.
                     {"CollectMode", std::string("inactive")}},
      .fds = {}};
  if (terminal.empty()) return unit;
  const auto identifier = terminal.substr(terminal.rfind('/') + 1);
  unit.properties.insert(unit.properties.end(), {{"PAMName", std::string("login")},
                                                 {"TTYPath", terminal},
                                                 {"UtmpIdentifier", "pts/" + identifier},
                                                 {"UtmpMode", std::string("user")}});
  return unit;
}

}  // namespace sdme::machine
