// SPDX-License-Identifier: MIT
#include "registry/transfer.hpp"

#include <algorithm>
#include <new>

#include "base/error.hpp"
#include "base/text.hpp"
#include "version.hpp"

namespace sdme::registry::detail {

namespace {

constexpr long kBuffer = 256 * 1024;  // what comes at once: few calls, and small beside what a worker may use
constexpr long kLowSpeed = 1024;      // bytes a second

template <typename T>
void set(CURL* handle, CURLoption option, T value) {
  const auto done = curl_easy_setopt(handle, option, value);
  if (done == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (done != CURLE_OK)
    throw Error(Errc::kInternal, std::string("libcurl refuses a setting: ") + curl_easy_strerror(done));
}

std::string header(CURL* handle, const char* name) {
  curl_header* found = nullptr;
  if (curl_easy_header(handle, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) return "";
  return found->value;
}

std::vector<std::string> headers(CURL* handle, const char* name) {
  std::vector<std::string> values;
  curl_header* found = nullptr;
  for (std::size_t i = 0; curl_easy_header(handle, name, i, CURLH_HEADER, -1, &found) == CURLHE_OK; ++i) {
    values.emplace_back(found->value);
    if (i + 1 >= found->amount) break;
  }
  return values;
}

}  // namespace

Transfer::Transfer(const Request& request, const Network& network)
    : handle(curl_easy_init()), sink(request.sink), limit_(request.limit), form_(request.form.value_or("")) {
  if (!handle) throw std::bad_alloc();
  set_connection(request, network);
  set_trust(*request.trust);
  set_request(request);
}

void Transfer::set_connection(const Request& request, const Network& network) {
  auto* const curl = handle.get();
  set(curl, CURLOPT_URL, request.url.text.c_str());
  set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  set(curl, CURLOPT_FOLLOWLOCATION, 0L);
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  // One connection a transfer: layers do not wait for each other in the windows of one.
  set(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(network.connect_timeout.count()));
  set(curl, CURLOPT_LOW_SPEED_LIMIT, kLowSpeed);
  set(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(network.low_speed.count()));
  set(curl, CURLOPT_BUFFERSIZE, kBuffer);
  // An empty proxy, so that no variable of the environment takes its place.
  set(curl, CURLOPT_PROXY, (request.url.encrypted() ? network.https_proxy : network.http_proxy).c_str());
  set(curl, CURLOPT_NOPROXY, network.no_proxy.c_str());
  set(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(curl, CURLOPT_ERRORBUFFER, reason_.data());
}

void Transfer::set_trust(const Trust& trust) {
  auto* const curl = handle.get();
  set(curl, CURLOPT_SSL_VERIFYPEER, trust.verify ? 1L : 0L);
  set(curl, CURLOPT_SSL_VERIFYHOST, trust.verify ? 2L : 0L);
  set(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!trust.authorities.empty()) {
    curl_blob pool = {.data = const_cast<char*>(trust.authorities.data()),
                      .len = trust.authorities.size(),
                      .flags = CURL_BLOB_NOCOPY};
    set(curl, CURLOPT_CAINFO_BLOB, &pool);
  }
  if (!trust.certificate.empty()) {
    set(curl, CURLOPT_SSLCERT, trust.certificate.c_str());
    set(curl, CURLOPT_SSLKEY, trust.key.c_str());
  }
}

void Transfer::set_request(const Request& request) {
  auto* const curl = handle.get();
  set(curl, CURLOPT_USERAGENT, (std::string("sdmed/") + kVersion).c_str());
  set(curl, CURLOPT_PRIVATE, this);
  set(curl, CURLOPT_WRITEFUNCTION, &Transfer::write);
  set(curl, CURLOPT_WRITEDATA, this);
  if (request.decode) {
    set(curl, CURLOPT_ACCEPT_ENCODING, "identity");
  } else {
    add_header("Accept-Encoding: identity");
  }
  if (!request.accept.empty()) add_header("Accept: " + request.accept);
  for (const auto& line : request.headers) add_header(line);
  if (request.from > 0) set(curl, CURLOPT_RANGE, (std::to_string(request.from) + "-").c_str());
  if (request.form) {
    set(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(form_.size()));
    set(curl, CURLOPT_POSTFIELDS, form_.c_str());
  }
  if (request.authorization.kind == Authorization::Kind::kBasic) {
    set(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    set(curl, CURLOPT_USERNAME, request.authorization.user.c_str());
    set(curl, CURLOPT_PASSWORD, request.authorization.secret.c_str());
  } else if (request.authorization.kind == Authorization::Kind::kBearer) {
    set(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    set(curl, CURLOPT_XOAUTH2_BEARER, request.authorization.secret.c_str());
  }
  if (headers_) set(curl, CURLOPT_HTTPHEADER, headers_.get());
}

void Transfer::add_header(const std::string& line) {
  auto* const longer = curl_slist_append(headers_.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(headers_.release());
  headers_.reset(longer);
}

// Called by libcurl: nothing may be thrown through it.
std::size_t Transfer::write(char* bytes, std::size_t, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  try {
    return transfer.take({bytes, count});
  } catch (...) {
    transfer.thrown_ = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
}

std::size_t Transfer::take(std::span<const char> bytes) {
  if (reply_.head.status == 0) read_head();
  if (sink != nullptr && wanted()) {
    if (!begun_) {
      begun_ = true;
      sink->begin(reply_.head);
    }
    const auto flow = sink->take(bytes);
    if (flow == Sink::Flow::kStop) return CURL_WRITEFUNC_ERROR;
    return flow == Sink::Flow::kPause ? CURL_WRITEFUNC_PAUSE : bytes.size();
  }
  const auto most = wanted() ? limit_ : Request::kSmall;
  if (reply_.body.size() + bytes.size() > most) {
    too_large_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  reply_.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

void Transfer::read_head() {
  auto* const curl = handle.get();
  auto& head = reply_.head;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &head.status);
  curl_off_t length = -1;
  curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  if (length >= 0) head.length = static_cast<std::uint64_t>(length);
  head.content_type = header(curl, "Content-Type");
  head.content_range = header(curl, "Content-Range");
  head.etag = header(curl, "ETag");
  head.last_modified = header(curl, "Last-Modified");
  head.retry_after = header(curl, "Retry-After");
  head.challenges = headers(curl, "WWW-Authenticate");
  const char* location = nullptr;
  curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location);
  if (location != nullptr) head.location = location;
}

Failure Transfer::failure_of(CURLcode code) const {
  const std::string_view said = reason_.data();
  Failure failure = {.kind = Failure::Kind::kBrokenOff,
                     .reason = text::printable(said.empty() ? curl_easy_strerror(code) : said)};
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      failure.kind = Failure::Kind::kUnreachable;
      break;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      failure.kind = Failure::Kind::kUntrusted;
      break;
    case CURLE_OPERATION_TIMEDOUT:
      failure.kind = Failure::Kind::kTimedOut;
      break;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_TOO_LARGE:
      failure.kind = Failure::Kind::kRefused;
      break;
    default:
      break;
  }
  return failure;
}

Reply Transfer::take_reply(CURLcode code) {
  if (thrown_) std::rethrow_exception(thrown_);
  if (reply_.head.status == 0) read_head();
  if (too_large_ && wanted()) {
    reply_.failure = Failure{.kind = Failure::Kind::kRefused,
                             .reason = "the answer is larger than " + std::to_string(limit_) + " bytes"};
  } else if (code != CURLE_OK && !too_large_) {
    reply_.failure = failure_of(code);
  } else if (sink != nullptr && wanted() && !begun_) {
    sink->begin(reply_.head);  // of nothing
  }
  return std::move(reply_);
}

Multi::Multi() {
  static const auto once = curl_global_init(CURL_GLOBAL_DEFAULT);
  handle = once == CURLE_OK ? curl_multi_init() : nullptr;
  if (handle == nullptr) throw Error(Errc::kInternal, "libcurl cannot be used");
}

Multi::~Multi() { curl_multi_cleanup(handle); }

void Multi::add(Transfer& transfer) {
  if (curl_multi_add_handle(handle, transfer.handle.get()) != CURLM_OK) {
    throw Error(Errc::kInternal, "libcurl takes no more transfers");
  }
  transfer.in_multi = true;
  transfers.push_back(&transfer);
}

void Multi::remove(Transfer& transfer) {
  if (!transfer.in_multi) return;
  transfer.in_multi = false;
  std::erase(transfers, &transfer);
  curl_multi_remove_handle(handle, transfer.handle.get());
}

}  // namespace sdme::registry::detail
