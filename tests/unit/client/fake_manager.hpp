// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

// A Manager that answers one client peer to peer, from a thread of its own. The name of a container is its fate: good
// ends well, bad does not come up, denied gets no job, slow lasts until it is cancelled, deaf for ever. That of a root
// filesystem too: poor lacks something, taken exists, locked is refused by its registry.
class FakeManager {
 public:
  using Dict = std::map<std::string, sdbus::Variant>;

  // What an import was asked for; read it when the client has had its answer.
  struct Asked {
    std::string method;
    std::string source;  // of PullRootfs
    std::string data;  // of ImportRootfs
    std::string credentials;  // what there was to read
    Dict options;
  };

  FakeManager();
  ~FakeManager();
  FakeManager(const FakeManager&) = delete;
  FakeManager& operator=(const FakeManager&) = delete;

  const std::string& address() const { return address_; }
  int cancels() const { return cancels_; }
  // Whether somebody waits for a job that does not end by itself.
  bool is_waited_for() const { return waited_for_; }
  const Asked& asked() const { return asked_; }

 private:
  using JobAnswer = sdbus::Result<std::string, std::string, std::string, Dict>;

  void serve();
  void define(sdbus::IObject& object);
  void define_rootfs(sdbus::IObject& object);
  void import(sdbus::Result<std::uint64_t>&& answer, const std::string& name, Asked asked);
  void start(sdbus::Result<std::uint64_t>&& answer, const std::string& name);
  void wait(JobAnswer&& answer, std::uint64_t id);
  void cancel(std::uint64_t id);

  std::string path_;
  std::string address_;
  int listener_ = -1;
  std::atomic<int> cancels_ = 0;
  std::atomic<bool> waited_for_ = false;
  Asked asked_;
  sdbus::UnixFd data_;  // read when the job is waited for: a client may have to do something for it before that
  std::map<std::uint64_t, std::string> jobs_;
  std::map<std::uint64_t, JobAnswer> waiting_;
  std::thread thread_;
};
