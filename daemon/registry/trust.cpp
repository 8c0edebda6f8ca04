// SPDX-License-Identifier: MIT
#include "registry/trust.hpp"

#include <curl/curl.h>

#include "base/error.hpp"
#include "registry/host_file.hpp"

namespace sdme::registry {

namespace {

// The pool that libcurl was built to use: a blob given to it stands in its place.
std::string system_pool() {
  const auto* const version = curl_version_info(CURLVERSION_NOW);
  if (version->age < CURLVERSION_SEVENTH || version->cainfo == nullptr) return "";
  return read_host_file(version->cainfo).value_or("");
}

std::string stem(const std::string& name) { return name.substr(0, name.rfind('.')); }

}  // namespace

void Trusts::never_verify(const std::string& authority) {
  insecure_.insert(authority);
  if (const auto known = known_.find(authority); known != known_.end()) known->second->verify = false;
}

const Trust& Trusts::of(const std::string& authority) {
  auto& known = known_[authority];
  if (!known) known = std::make_unique<Trust>(read(authority));
  return *known;
}

Trust Trusts::read(const std::string& authority) const {
  Trust trust;
  trust.verify = !insecure_.contains(authority);
  if (authority.empty() || authority.starts_with('.') || authority.contains('/')) return trust;  // no name of a host
  for (const auto* const place : {"/etc/containers/certs.d/", "/etc/docker/certs.d/"}) {
    const auto directory = root_ + place + authority;
    if (!is_host_directory(directory)) continue;
    read_directory(directory, trust);
    break;
  }
  return trust;
}

void Trusts::read_directory(const std::string& directory, Trust& trust) {
  std::string more;
  for (const auto& name : host_files(directory, ".crt")) {
    more += read_host_file(directory + "/" + name).value_or("") + "\n";
  }
  if (!more.empty()) trust.authorities = system_pool() + "\n" + more;
  for (const auto& name : host_files(directory, ".cert")) {
    const auto key = directory + "/" + stem(name) + ".key";
    if (!read_host_file(key)) throw Error(Errc::kInvalidArgument, directory + "/" + name + " has no key beside it");
    trust.certificate = directory + "/" + name;
    trust.key = key;
  }
  for (const auto& name : host_files(directory, ".key")) {
    if (!read_host_file(directory + "/" + stem(name) + ".cert")) {
      throw Error(Errc::kInvalidArgument, directory + "/" + name + " has no certificate beside it");
    }
  }
}

}  // namespace sdme::registry
