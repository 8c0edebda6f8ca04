// SPDX-License-Identifier: MIT
#include "bus/log_control.hpp"

#include <array>
#include <string_view>

#include "base/log.hpp"

namespace sdme::bus {

namespace {

// syslog(3) levels by their number.
constexpr std::array<std::string_view, 8> kLevels = {"emerg",   "alert",  "crit", "err",
                                                     "warning", "notice", "info", "debug"};

void set_level(const std::string& word) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i] == word) return log::set_max_level(static_cast<log::Level>(i));
  }
  throw sdbus::Error(sdbus::Error::Name{"org.freedesktop.DBus.Error.InvalidArgs"}, "'" + word + "' is not a log level");
}

std::string level() { return std::string(kLevels.at(static_cast<std::size_t>(log::max_level()))); }

}  // namespace

std::unique_ptr<sdbus::IObject> make_log_control(sdbus::IConnection& connection) {
  auto object = sdbus::createObject(connection, sdbus::ObjectPath{"/org/freedesktop/LogControl1"});
  object
      ->addVTable(sdbus::registerProperty("LogLevel").withGetter(&level).withSetter([](const std::string& word) {
        set_level(word);
      }),
                  sdbus::registerProperty("LogTarget")
                      .withGetter([] { return std::string("journal"); })
                      .withSetter([](const std::string&) {
                        throw sdbus::Error(sdbus::Error::Name{"org.freedesktop.DBus.Error.NotSupported"},
                                           "the log always goes to the journal");
                      }),
                  sdbus::registerProperty("SyslogIdentifier").withGetter([] { return std::string("sdmed"); }))
      .forInterface("org.freedesktop.LogControl1");
  return object;
}

}  // namespace sdme::bus
