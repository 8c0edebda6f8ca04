// SPDX-License-Identifier: MIT
#include "oci/config.hpp"

#include "base/error.hpp"
#include "oci/fields.hpp"
#include "oci/image.hpp"

namespace sdme::oci {

namespace {

Config read_config(const std::string& bytes) {
  const auto document = json::parse(bytes, "the image's configuration");
  Config config;
  config.platform = {.os = field<std::string>(document, "os").value_or(""),
                     .architecture = field<std::string>(document, "architecture").value_or(""),
                     .variant = field<std::string>(document, "variant").value_or("")};
  const auto* const rootfs = object_field(document, "rootfs");
  if (rootfs == nullptr || field<std::string>(*rootfs, "type") != "layers") {
    throw Error(Errc::kCorrupt, "its root file system is not said to be made of layers");
  }
  for (const auto& text : field<std::vector<std::string>>(*rootfs, "diff_ids").value_or(std::vector<std::string>{})) {
    config.diff_ids.push_back(Digest::parse(text));
    if (config.diff_ids.back().algorithm() != "sha256") {
      throw Error(Errc::kUnsupportedFormat, "layers are known by SHA-256 alone, and one is said to be " + text);
    }
  }
  return config;
}

}  // namespace

Config parse_config(const std::string& bytes) {
  return while_doing("reading the image's configuration", [&] {
    if (bytes.size() > kLargestConfig) throw Error(Errc::kLimitExceeded, "it is larger than 4 MiB");
    return read_config(bytes);
  });
}

}  // namespace sdme::oci
