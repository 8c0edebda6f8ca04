// SPDX-License-Identifier: MIT
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/context.hpp"
#include "bus/describe.hpp"
#include "bus/options.hpp"
#include "bus/reply.hpp"
#include "bus/requests.hpp"
#include "manager_adaptor.hpp"

namespace sdme::bus {

// org.sdme1.Manager on one connection. Each member parses its request, says what it needs, and
// hands both to the door; what is let through acts on exactly what was parsed. It does no work
// itself: jobs do.
class ManagerObject final : public sdbus::AdaptorInterfaces<org::sdme1::Manager_adaptor, sdbus::ObjectManager_adaptor> {
 public:
  // `peer`: who is at the other end of a connection of its own; absent on the system bus, where
  // each message says who sent it.
  ManagerObject(sdbus::IConnection& connection, Context& context, std::optional<Caller> peer);
  ~ManagerObject();

 private:
  using Bytes = requests::Bytes;
  using List = std::vector<Description>;

  // A parsed request: what it needs, and what it does when let through. The act may keep the reply and give it
  // later. What can be another by then is worked out again before it: a person may take minutes to answer.
  template <typename... Values>
  struct Visit {
    std::vector<Check> checks;
    std::move_only_function<void(std::shared_ptr<Reply<Values...>>)> act;
    std::function<std::vector<Check>()> again = {};
  };

  template <typename... Values, typename Parse>
  void serve(sdbus::Result<Values...>&& result, Parse&& parse);

  Caller caller() const;
  const model::ContainerRecord& container(const std::string& name) const;  // NotFound
  const model::RootfsRecord& rootfs(const std::string& name) const;
  job::Job& job(std::uint64_t id, bool session) const;
  void check_still(const model::ContainerRecord& record) const;  // NotFound where another is called so by now
  void check_unchanged(const model::ContainerRecord& record) const;  // Busy where it is another by now
  void check_running(const model::ContainerRecord& record) const;  // NotRunning

  std::vector<Check> container_checks(std::string_view member, const Caller& caller,
                                      const model::ContainerRecord& record, const std::string& verb) const;
  // For a verb that starts those that it requires, too; but for those in `known`.
  std::vector<Check> required_checks(std::string_view member, const Caller& caller,
                                     const model::ContainerRecord& record, const std::string& verb,
                                     const std::vector<const model::ContainerRecord*>& known = {}) const;
  std::vector<Check> creating_checks(const Caller& who, const model::ContainerRecord& made) const;
  std::vector<Check> updating_checks(const Caller& who, const model::ContainerRecord& now,
                                     const model::ContainerRecord& after) const;
  void add_required(job::Plan& plan, const model::ContainerRecord& record) const;  // what is started before it
  std::vector<Check> entering_checks(const Caller& caller, const model::ContainerRecord& authorised,
                                     const requests::Command& command) const;
  std::uint64_t submit(const Caller& caller, job::Plan plan);

  // What an import of that name would replace.
  struct Replaceable {
    bool exists = false;
    std::uint32_t owner = 0;
    std::uint64_t created_usec = 0;
    bool operator==(const Replaceable&) const = default;
  };
  Replaceable replaceable(const std::string& name, const Caller& caller) const;

  const model::PodRecord& pod(const std::string& name) const;  // NotFound
  void add_pod_check(std::vector<Check>& checks, const Caller& who, const std::string& name) const;

  Visit<std::uint64_t> visit_import(const std::string& member, const Caller& who, job::Plan plan);

  // A member that turns an existing container and options into one job.
  using MakePlan = std::function<job::Plan(const Caller&, const model::ContainerRecord&)>;
  void container_job(sdbus::Result<std::uint64_t>&& result, std::string_view member, const std::string& verb,
                     const std::string& name, const MakePlan& plan);

  void ListContainers(sdbus::Result<List>&& result, Options filter) override;
  void ListRootfs(sdbus::Result<List>&& result, Options filter) override;
  void ListJobs(sdbus::Result<List>&& result, Options filter) override;
  void InspectContainer(sdbus::Result<Description>&& result, std::string name, Options options) override;
  void InspectRootfs(sdbus::Result<Description>&& result, std::string name, Options options) override;
  void ImportRootfs(sdbus::Result<std::uint64_t>&& result, std::string name, sdbus::UnixFd data,
                    Options options) override;
  void PullRootfs(sdbus::Result<std::uint64_t>&& result, std::string name, std::string source,
                  Options options) override;
  void RemoveRootfs(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) override;
  void CreateContainer(sdbus::Result<std::uint64_t, std::string>&& result, std::string name, std::string rootfs,
                       Options definition) override;
  void StartContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) override;
  void StopContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) override;
  void RestartContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) override;
  void EnableContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) override;
  void DisableContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) override;
  void UpdateContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options changes) override;
  void RenameContainer(sdbus::Result<std::uint64_t>&& result, std::string name, std::string new_name,
                       Options options) override;
  void PauseContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) override;
  void ResumeContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) override;
  void CheckHost(sdbus::Result<std::uint64_t>&& result, Options options) override;
  void GetUsage(sdbus::Result<List>&& result, std::vector<std::string> names, Options options) override;
  void RemoveContainer(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) override;
  void ListPods(sdbus::Result<List>&& result, Options filter) override;
  void CreatePod(sdbus::Result<std::uint64_t>&& result, std::string name, Options definition) override;
  void UpdatePod(sdbus::Result<std::uint64_t>&& result, std::string name, Options changes) override;
  void RemovePod(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) override;
  void CollectGarbage(sdbus::Result<std::uint64_t>&& result, Options options) override;
  void InspectCache(sdbus::Result<Description>&& result, Options options) override;
  void ListCache(sdbus::Result<List>&& result, Options filter) override;
  void CleanCache(sdbus::Result<Description>&& result, Options options) override;
  void ListVolumes(sdbus::Result<List>&& result, Options filter) override;
  void CreateVolume(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) override;
  void RemoveVolume(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) override;
  void Exec(sdbus::Result<std::uint64_t>&& result, std::string name, std::string user, std::vector<Bytes> argv,
            std::vector<Bytes> env, Bytes cwd, sdbus::UnixFd in, sdbus::UnixFd out, sdbus::UnixFd err,
            Options options) override;
  void OpenShell(sdbus::Result<sdbus::UnixFd, std::uint64_t>&& result, std::string name, std::string user,
                 std::vector<Bytes> argv, std::vector<Bytes> env, Options options) override;
  void WaitSession(sdbus::Result<std::int32_t, std::int32_t>&& result, std::uint64_t session) override;
  void SignalSession(sdbus::Result<>&& result, std::uint64_t session, std::int32_t signal, Options options) override;
  void OpenLog(sdbus::Result<sdbus::UnixFd>&& result, std::string name, Options options) override;
  void WaitJob(sdbus::Result<std::string, std::string, std::string, Description>&& result, std::uint64_t job) override;
  void CancelJob(sdbus::Result<>&& result, std::uint64_t job, Options options) override;
  std::string Version() override;
  std::vector<std::string> Features() override;

  Context& context_;
  std::optional<Caller> peer_;
  std::shared_ptr<OpenCalls> calls_ = std::make_shared<OpenCalls>();
};

template <typename... Values, typename Parse>
void ManagerObject::serve(sdbus::Result<Values...>&& result, Parse&& parse) {
  auto reply = std::make_shared<Reply<Values...>>(
      std::move(result), calls_, peer_ ? nullptr : context_.strangers.brought(), context_.open_replies);
  guard(*reply, [&] {
    const auto who = caller();
    Visit<Values...> visit = parse(who);
    auto granted = [reply, asked = visit.checks, again = std::move(visit.again), act = std::move(visit.act)]() mutable {
      guard(*reply, [&] {
        if (again) check_asked(asked, again());
        act(reply);
      });
    };
    context_.door.enter(who, std::move(visit.checks), std::move(granted),
                        [reply](const Error& error) { reply->fail(error); });
  });
}

}  // namespace sdme::bus
