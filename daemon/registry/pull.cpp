// SPDX-License-Identifier: MIT
#include "registry/pull.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "oci/hash.hpp"

namespace sdme::registry {

namespace {

std::string accepted() {
  std::string list;
  for (const auto type : oci::accepted_media_types()) list += (list.empty() ? "" : ", ") + std::string(type);
  return list;
}

// Without its parameters, in lower case.
std::string media_type(const std::string& header) {
  auto type = header.substr(0, header.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.pop_back();
  for (auto& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return type;
}

// What a document says of itself, "" when it does not.
std::string own_media_type(const std::string& bytes) {
  const auto document = json::parse(bytes, "the image's manifest");
  return document.contains("mediaType") && document["mediaType"].is_string() ? document["mediaType"].get<std::string>()
                                                                             : "";
}

// Whether the answer's header and the document's own word may both hold. Of a document that was asked
// for by tag nothing else says what it is.
void refuse_other_type(const Reply& reply, const Reference& reference) {
  const auto type = media_type(reply.head.content_type);
  const bool index = oci::is_index(reply.body);
  const auto own = own_media_type(reply.body);
  if (type.empty() || type == own) return;
  const bool kind_fits = index ? oci::is_index_type(type) : oci::is_manifest_type(type);
  if (own.empty() && kind_fits) return;
  const auto message = "the registry calls the manifest of " + text::quoted(reference.str()) + " " +
                       text::quoted(type) + ", which it is not";
  if (!reference.digest) throw Error(Errc::kCorrupt, message);
  log::warning(message);
}

bool try_next(const Error& error) {
  return error.code() == Errc::kNetworkFailed || error.code() == Errc::kNotFound || error.code() == Errc::kAccessDenied;
}

bool is_configuration(const oci::Descriptor& entry) {
  return !entry.media_type.empty() && !oci::is_manifest_type(entry.media_type) && !oci::is_index_type(entry.media_type);
}

bool is_of(const std::string& bytes, const oci::Digest& digest) {
  oci::Hash hash(digest);
  hash.add(bytes);
  return hash.finish() == digest;
}

std::string image_of(const Reference& reference) { return "image " + text::quoted(reference.str()); }

}  // namespace

Pull::Pull(Loop& loop, Credentials credentials, Tell tell, const std::string& root)
    : loop_(loop),
      credentials_(std::move(credentials)),
      tell_(std::move(tell)),
      registries_(Registries::load(root)),
      policy_(Policy::load(root)),
      trusts_(root) {}

Found Pull::find(const Reference& reference, const oci::Wanted& wanted, const Cached& cached) {
  const auto meanings = registries_.expand(reference);
  for (const auto& meaning : meanings) {
    policy_.check(meaning);
    const auto places = registries_.places(meaning);
    for (std::size_t i = 0; i < places.size(); ++i) {
      const bool last = i + 1 == places.size() && &meaning == &meanings.back();
      try {
        return find_at(meaning, places, i, wanted, cached);
      } catch (const Error& error) {
        if (last || !try_next(error)) throw;
        tell_(text::printable(error.message()));
      }
    }
  }
  throw Error(Errc::kNotFound, image_of(reference) + " was not found");
}

Found Pull::find_at(const Reference& reference, const std::vector<Place>& places, std::size_t first,
                    const oci::Wanted& wanted, const Cached& cached) {
  std::vector<std::unique_ptr<Repository>> repositories;
  for (std::size_t i = first; i < places.size(); ++i) {
    repositories.push_back(std::make_unique<Repository>(loop_, trusts_, credentials_, places[i], tell_));
  }
  auto& repository = *repositories.front();
  const auto root = loop_.run(root_of(repository, reference));
  auto manifest = root.data;  // until an index leads to another
  auto image = oci::resolve(reference.str(), root, wanted, [&](const oci::Descriptor& descriptor) {
    auto bytes = cached(descriptor);
    if (!bytes) bytes = loop_.run(document(repository, reference, descriptor));
    if (!is_configuration(descriptor)) manifest = *bytes;
    return *std::move(bytes);
  });
  if (!is_of(manifest, image.image.manifest)) manifest.clear();
  return {.reference = reference,
          .image = std::move(image),
          .manifest = std::move(manifest),
          .places = std::move(repositories)};
}

Task<oci::Descriptor> Pull::root_of(Repository& repository, const Reference& reference) {
  auto reply = co_await repository.get("manifests/" + reference.version(), accepted(), oci::kLargestManifest);
  if (!reply.ok()) repository.refuse(reply, image_of(reference));
  auto digest = reference.digest ? *reference.digest : oci::Digest::of(reply.body);
  digest.verify(reply.body, reply.body.size(), "the manifest of " + text::quoted(reference.str()));
  refuse_other_type(reply, reference);
  co_return oci::Descriptor{
      .media_type = {}, .digest = std::move(digest), .size = reply.body.size(), .data = std::move(reply.body)};
}

Task<std::string> Pull::document(Repository& repository, const Reference& reference, const oci::Descriptor& wanted) {
  const bool configuration = is_configuration(wanted);
  const auto* const where = configuration ? "blobs/" : "manifests/";
  static_assert(oci::kLargestConfig <= oci::kLargestManifest);
  auto reply =
      co_await repository.get(where + wanted.digest.str(), configuration ? "" : accepted(), oci::kLargestManifest);
  if (!reply.ok()) repository.refuse(reply, image_of(reference) + " in full: " + wanted.digest.str() + " is missing");
  co_return std::move(reply.body);
}

}  // namespace sdme::registry
