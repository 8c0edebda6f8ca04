// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sdme::registry {

// An http or https URL, taken apart by libcurl's parser, which is the one that will use it.
struct Url {
  std::string text;    // whole, without user, password and fragment
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case
  std::string port;    // always there
  std::string path;    // percent-encoded as it came
  bool has_user = false;

  // Nothing when it is not valid, or of another scheme.
  static std::optional<Url> parse(const std::string& text);

  bool encrypted() const { return scheme == "https"; }
  // HOST, with :PORT unless it is the scheme's own: as references and directories of certificates say it.
  std::string authority() const;
  bool same_origin(const Url& other) const;  // scheme, host and port
  std::string last_name() const;             // the path's last component, decoded; "" for none
  Url with_query(const std::string& key, const std::string& value) const;  // one more, encoded
};

// Percent-encoded, for the body of a form.
std::string form_encoded(std::string_view text);

}  // namespace sdme::registry
