// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

namespace sdme::registry {

// Whose certificates hold at a host.
struct Trust {
  bool verify = true;
  std::string authorities;  // PEM, the host's own pool in it; "" for that pool as libcurl finds it
  std::string certificate;  // path of the client's own; "" for none
  std::string key;
};

// What this host's administrator says of others: directories HOST[:PORT] with *.crt (authorities beside
// the system's) and X.cert with X.key (what we show). The first directory that exists counts:
// /etc/containers/certs.d, /etc/docker/certs.d (containers-certs.d(5)).
class Trusts {
 public:
  explicit Trusts(std::string root = "") : root_(std::move(root)) {}

  // The certificate of this host is not looked at: the configuration calls it insecure.
  void never_verify(const std::string& authority);

  // HOST or HOST:PORT, as it is in references. AccessDenied or InvalidArgument when its directory
  // cannot be used.
  const Trust& of(const std::string& authority);  // stays where it is

 private:
  Trust read(const std::string& authority) const;
  static void read_directory(const std::string& directory, Trust& trust);

  std::string root_;
  std::set<std::string> insecure_;
  std::map<std::string, std::unique_ptr<Trust>> known_;
};

}  // namespace sdme::registry
