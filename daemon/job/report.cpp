// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/log.hpp"
#include "base/text.hpp"
#include "job/table.hpp"

// What workers say while they work. They are not trusted: a packet that is not as documented is
// dropped, and their words are made printable.
namespace sdme::job {

namespace {

constexpr std::size_t kLongestPacket = 64 * 1024;

struct Packet {
  std::string text;
  os::UniqueFd fd;
};

// One packet, or nothing when there is none now; an empty text when the other end is closed.
std::optional<Packet> receive(int socket) {
  std::string text(kLongestPacket, '\0');
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 4)];
  iovec data = {text.data(), text.size()};
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  const ssize_t got = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0) return errno == EAGAIN || errno == EINTR ? std::nullopt : std::optional(Packet{});
  Packet packet;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      packet.fd = os::UniqueFd(fd);  // the last one counts, the others are closed
    }
  }
  text.resize(static_cast<std::size_t>(got));
  packet.text = std::move(text);
  return packet;
}

}  // namespace

// Makes the socket pair of a job; the end returned is the worker's.
os::UniqueFd Table::open_report(Job& job) {
  int ends[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
    throw_errno("making a socket pair");
  job.report = os::UniqueFd(ends[0]);
  os::UniqueFd theirs(ends[1]);
  const int flags = fcntl(theirs.get(), F_GETFL);
  fcntl(theirs.get(), F_SETFL, flags & ~O_NONBLOCK);
  struct Context {
    Table* table;
    std::uint64_t id;
  };
  auto context = std::make_unique<Context>(this, job.record.id);
  const auto on_readable = [](sd_event_source*, int, std::uint32_t, void* data) {
    const auto* found = static_cast<Context*>(data);
    auto* told = found->table->find(found->id);
    return told == nullptr ? 0 : found->table->on_report(*told);
  };
  if (sd_event_add_io(loop_, &job.report_source, ends[0], EPOLLIN, on_readable, context.get()) < 0) {
    throw Error(Errc::kInternal, "cannot watch a worker");
  }
  sd_event_source_set_destroy_callback(job.report_source, [](void* data) { delete static_cast<Context*>(data); });
  static_cast<void>(context.release());
  return theirs;
}

int Table::on_report(Job& job) {
  const auto id = job.record.id;
  while (auto packet = receive(job.report.get())) {
    if (packet->text.empty()) {
      job.report_source = sd_event_source_disable_unref(job.report_source);
      return 0;
    }
    try {
      on_packet(job, json::parse(packet->text, "a worker's report"), std::move(packet->fd));
    } catch (const std::exception& error) {
      log::debug("job " + std::to_string(id) + ": " + error.what());
    }
    if (find(id) == nullptr || !job.report) return 0;
  }
  return 0;
}

void Table::on_packet(Job& job, const json::Value& packet, os::UniqueFd fd) {
  if (packet.contains("pty")) {
    job.pty = std::move(fd);
    return;
  }
  if (packet.contains("started")) {
    job.progress.phase = "started";
    for (auto& tell : std::exchange(job.start_waiters, {})) tell(job);
    return;
  }
  if (packet.contains("finished")) return on_finished(job);
  auto& progress = job.progress;
  progress.phase = text::printable(json::get_or<std::string>(packet, "phase", progress.phase), 64);
  progress.fraction = std::clamp(json::get_or<double>(packet, "progress", -1), progress.fraction, 1.0);
  progress.bytes_done = json::get_or<std::uint64_t>(packet, "bytes_done", progress.bytes_done);
  progress.bytes_total = json::get_or<std::uint64_t>(packet, "bytes_total", progress.bytes_total);
  events_.changed(job);
}

// The result is on disk, and what is left of the unit does nothing: nobody has to wait for its end. One that has filled
// a directory is waited for, since what gets committed must have nobody who can still write to it.
void Table::on_finished(Job& job) {
  if (!job.record.staging && spool_.result(job.record.id, job.record.verb)) conclude(job);
}

void Table::send_signal(Job& session, int signal) {
  const auto text = json::Value{{"signal", signal}}.dump();
  if (!session.report || send(session.report.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    throw Error(Errc::kNotRunning, "session " + std::to_string(session.record.id) + " cannot be reached any more");
  }
}

}  // namespace sdme::job
