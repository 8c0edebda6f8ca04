// SPDX-License-Identifier: MIT
#include "job/worker.hpp"

#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/error.hpp"
#include "os/dir.hpp"
#include "os/file.hpp"
#include "store/layout.hpp"

namespace sdme::job {

namespace {

constexpr std::size_t kRequestLimit = 32 * 1024 * 1024;  // what a former stage found is in it
constexpr auto kProgressPause = std::chrono::milliseconds(100);

std::map<std::string, os::UniqueFd> passed_fds() {
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(1, &names);  // sets close-on-exec
  if (count < 0) throw Error::from_errno(-count, "taking the file descriptors of the job");
  std::map<std::string, os::UniqueFd> fds;
  for (int i = 0; i < count; ++i) {
    fds[names[i]] = os::UniqueFd(SD_LISTEN_FDS_START + i);
    std::free(names[i]);
  }
  std::free(names);
  return fds;
}

}  // namespace

Worker Worker::from_environment() {
  Worker worker;
  worker.fds_ = passed_fds();
  worker.report_ = worker.take_fd("report");
  const auto request = worker.take_fd("request");
  worker.request_ = json::parse(os::read_all(request.get(), kRequestLimit, "the request"), "the request");
  return worker;
}

os::UniqueFd Worker::take_fd(const std::string& name) {
  const auto found = fds_.find(name);
  if (found == fds_.end()) throw Error(Errc::kInternal, "the job was not given the file descriptor '" + name + "'");
  auto fd = std::move(found->second);
  fds_.erase(found);
  return fd;
}

void Worker::progress(const std::string& phase, double fraction, std::uint64_t bytes_done, std::uint64_t bytes_total) {
  const auto now = std::chrono::steady_clock::now();
  if (phase == phase_ && now - last_progress_ < kProgressPause) return;
  phase_ = phase;
  last_progress_ = now;
  send({{"phase", phase}, {"progress", fraction}, {"bytes_done", bytes_done}, {"bytes_total", bytes_total}});
}

void Worker::send(const json::Value& packet, int fd) {
  std::string text = packet.dump();
  iovec part = {.iov_base = text.data(), .iov_len = text.size()};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  // A daemon that is away or slow does not hold up the job; it finds the result on disk.
  if (sendmsg(report_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return;
  if (errno != EPIPE && errno != ECONNRESET && errno != EAGAIN && errno != ENOTCONN)
    throw_errno("reporting to the daemon");
}

void Worker::finish(const json::Value& result) { write_result({{"verb", verb()}, {"result", result}}); }

void Worker::fail(Errc code, const std::string& message) {
  write_result({{"verb", verb()}, {"error", {{"code", row(code).word}, {"message", message}}}});
}

std::string Worker::verb() const { return json::get<std::string>(request_, "verb"); }

void Worker::write_result(const json::Value& value) {
  const auto out = os::Dir::open(json::get<std::string>(request_, "out"));
  // Details in a message may quote what is not UTF-8.
  out.write(layout::kResult, value.dump(-1, ' ', false, json::Value::error_handler_t::replace), 0600);
  send({{"finished", true}});
}

}  // namespace sdme::job
