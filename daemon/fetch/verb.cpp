// SPDX-License-Identifier: MIT
#include "fetch/verb.hpp"

#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "fetch/download.hpp"
#include "fetch/feed.hpp"
#include "fetch/stream.hpp"
#include "os/file.hpp"

namespace sdme::fetch {

namespace {

constexpr std::string_view kRegistry = "docker://";
constexpr std::size_t kLargestCredentials = 1024 * 1024;

// One layer on its way.
struct Running {
  Blob* blob;
  registry::Task<void> work;
};

class Fetch {
 public:
  Fetch(job::Worker& worker, const Link& link)
      : worker_(worker),
        link_(link),
        limit_(json::get<std::uint64_t>(worker.request().at("limits"), "bytes")),
        loop_(registry::Network::from_json(worker.request().value("network", json::Value::object()))),
        gone_(loop_, link.fd(), POLLIN, [this] { link_.heed(); }) {}

  void image(const registry::Reference& reference);
  void file(const registry::Url& url);

 private:
  registry::Credentials credentials();
  std::deque<Blob> wanted(const oci::Resolved& image);
  void download(registry::Found& found, registry::Trusts& trusts, const BlobFiles& files, std::deque<Blob>& blobs);

  job::Worker& worker_;
  const Link& link_;
  std::uint64_t limit_;
  registry::Loop loop_;
  registry::Loop::Watch gone_;
};

registry::Credentials Fetch::credentials() {
  if (!worker_.has_fd("credentials")) return {};
  const auto fd = worker_.take_fd("credentials");
  return registry::Credentials::parse(os::read_all(fd.get(), kLargestCredentials, "what credentials are read from"));
}

void Fetch::image(const registry::Reference& reference) {
  const auto& request = worker_.request();
  const BlobFiles files(json::get<std::string>(request, "cache"), json::get<std::string>(request, "blobs"));
  const auto platform = oci::Wanted::of_request(json::get_or<std::string>(request, "platform", ""));
  registry::Pull pull(loop_, credentials(), [&](const std::string& text) { link_.note(text); });
  auto found = pull.find(reference, platform, [&](const oci::Descriptor& blob) { return files.read(blob); });
  files.write(found.image.manifest.config.digest, found.image.image.config);
  if (!found.manifest.empty()) files.list(found.reference.str(), found.image.image.manifest, found.manifest);
  link_.image(found.image.image);
  gone_.listen(0);  // the next packet is its answer
  auto blobs = wanted(found.image);
  gone_.listen(POLLIN);
  download(found, pull.trusts(), files, blobs);
}

std::deque<Blob> Fetch::wanted(const oci::Resolved& image) {
  const auto& layers = image.manifest.layers;
  std::deque<Blob> blobs;
  for (const auto place : link_.wanted(layers.size())) {
    const auto& layer = layers[place];
    if (layer.size > limit_) {
      throw Error(Errc::kLimitExceeded, "layer " + layer.digest.str() + " has " + std::to_string(layer.size) +
                                            " bytes, more than the " + std::to_string(limit_) +
                                            " that one may have (FetchMaxBytes= of sdmed.conf)");
    }
    blobs.emplace_back(place, layer);
  }
  return blobs;
}

void Fetch::download(registry::Found& found, registry::Trusts& trusts, const BlobFiles& files,
                     std::deque<Blob>& blobs) {
  Download download(loop_, trusts, found, files);
  Feed feed(loop_, link_);
  for (auto& blob : blobs) feed.add(blob);
  std::list<Running> running;
  auto next = blobs.begin();
  while (next != blobs.end() || !running.empty() || !feed.done()) {
    while (next != blobs.end() && running.size() < static_cast<std::size_t>(loop_.network().parallel)) {
      running.push_back({.blob = &*next, .work = download.get(*next)});
      running.back().work.start();
      ++next;
    }
    std::erase_if(running, [](Running& one) {
      if (!one.work.done()) return false;
      one.work.take();
      return true;
    });
    feed.pump();
    if (!running.empty() || !feed.done()) loop_.turn();
  }
}

void Fetch::file(const registry::Url& url) {
  registry::Trusts trusts;
  Stream stream(loop_, trusts, link_, limit_);
  loop_.run(stream.send(url));
  while (!stream.drained()) loop_.turn();
}

void fetch(job::Worker& worker, const Link& link) {
  const auto source = json::get<std::string>(worker.request(), "source");
  if (source.starts_with(kRegistry)) {
    const auto reference = registry::Reference::parse(source.substr(kRegistry.size()));
    return Fetch(worker, link).image(reference);
  }
  const auto url = registry::Url::parse(source);
  if (!url) throw Error(Errc::kInvalidArgument, "the source is neither docker://IMAGE nor an http or https URL");
  if (url->has_user) {
    throw Error(Errc::kInvalidArgument,
                "a URL with a user or a password in it is not fetched, since sources are recorded "
                "and shown");
  }
  Fetch(worker, link).file(*url);
}

}  // namespace

json::Value run_fetch(job::Worker& worker) {
  const Link link(worker.take_fd("link"));
  try {
    fetch(worker, link);
  } catch (const Error& error) {
    link.error(error.code(), error.message());
    throw;
  }
  link.done();
  return json::Value::object();
}

}  // namespace sdme::fetch
