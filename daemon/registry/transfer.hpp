// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

#include <array>
#include <coroutine>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "registry/exchange.hpp"
#include "registry/network.hpp"

// libcurl's side of an exchange. Included by this room's own sources alone.
namespace sdme::registry::detail {

struct Free {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// One easy handle, at one place in memory since libcurl points to it.
struct Transfer {
  Transfer(const Request& request, const Network& network);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  Reply take_reply(CURLcode ended);  // or what the sink threw

  std::unique_ptr<CURL, Free> handle;
  std::coroutine_handle<> waiting;
  CURLcode ended = CURLE_OK;
  bool in_multi = false;
  Sink* const sink;

 private:
  void set_connection(const Request& request, const Network& network);
  void set_trust(const Trust& trust);
  void set_request(const Request& request);
  void add_header(const std::string& line);

  static std::size_t write(char* bytes, std::size_t, std::size_t count, void* self);
  std::size_t take(std::span<const char> bytes);
  void read_head();
  bool wanted() const { return reply_.head.status == 200 || reply_.head.status == 206; }
  Failure failure_of(CURLcode code) const;

  const std::size_t limit_;
  std::unique_ptr<curl_slist, Free> headers_;
  std::string form_;
  std::array<char, CURL_ERROR_SIZE> reason_ = {};
  Reply reply_;
  bool begun_ = false;
  bool too_large_ = false;
  std::exception_ptr thrown_;
};

struct Multi {
  Multi();
  ~Multi();
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;

  void add(Transfer& transfer);
  void remove(Transfer& transfer);

  CURLM* handle;
  std::vector<Transfer*> transfers;
};

}  // namespace sdme::registry::detail
