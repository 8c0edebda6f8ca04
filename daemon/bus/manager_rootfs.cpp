// SPDX-License-Identifier: MIT
#include "base/text.hpp"
#include "bus/manager_object.hpp"

// The members that make, show and remove root filesystems, and what is kept for them.
namespace sdme::bus {

void ManagerObject::ListRootfs(sdbus::Result<List>&& result, Options filter) {
  serve(std::move(result), [&](const Caller& who) -> Visit<List> {
    OptionReader reader(filter, "filter");
    const auto name = reader.take<std::string>("name");
    const auto owner = reader.take<std::uint32_t>("owner");
    reader.finish();
    return {context_.door.required("ListRootfs", who, {}, {}), [=, this](auto reply) {
              List list;
              const auto users = context_.store.catalogue().layer_users();
              for (const auto& [known, record] : context_.store.catalogue().rootfs()) {
                if (admits(name, known) && admits(owner, record.owner))
                  list.push_back(public_of(record, context_.store, users));
              }
              reply->send(list);
            }};
  });
}

void ManagerObject::InspectRootfs(sdbus::Result<Description>&& result, std::string name, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<Description> {
    OptionReader(options, "option").finish();
    const auto& found = rootfs(name);
    auto checks =
        context_.door.required("InspectRootfs", who, found.owner,
                               {{"rootfs", name}, {"verb", "inspect"}, {"owner", std::to_string(found.owner)}});
    return {std::move(checks), [this, name](auto reply) {
              const auto& now = rootfs(name);
              auto description = public_of(now, context_.store, context_.store.catalogue().layer_users());
              add_private(description, now);
              reply->send(description);
            }};
  });
}

// Replacing takes from its owner, and what is damaged is root's: the administrator's rules must see whose it is.
ManagerObject::Replaceable ManagerObject::replaceable(const std::string& name, const Caller& caller) const {
  const auto& catalogue = context_.store.catalogue();
  if (const auto* found = catalogue.find_rootfs(name)) {
    return {.exists = true, .owner = found->owner, .created_usec = found->created_usec};
  }
  if (catalogue.find_damaged(store::Kind::kRootfs, name) != nullptr) return {.exists = true, .owner = 0};
  return {.exists = false, .owner = caller.uid};
}

// What lets an import, of whatever kind, be submitted: replacing is asked of whose it is, and still is theirs afterwards.
ManagerObject::Visit<std::uint64_t> ManagerObject::visit_import(const std::string& member, const Caller& who,
                                                                job::Plan plan) {
  const auto name = plan.record.target;
  const auto replaced = replaceable(name, who);
  if (replaced.exists && !plan.record.commit.at("replace").get<bool>()) {
    throw Error(Errc::kAlreadyExists, "there is a root filesystem " + text::quoted(name) + " already");
  }
  plan.record.commit["rootfs_created_usec"] = replaced.created_usec;
  auto checks = context_.door.required(member, who, replaced.owner,
                                       {{"rootfs", name},
                                        {"verb", replaced.exists ? "replace" : "import"},
                                        {"source", plan.record.commit.at("origin").get<std::string>()},
                                        {"owner", std::to_string(replaced.owner)}});
  return {std::move(checks), [this, who, name, replaced, plan = std::move(plan)](auto reply) mutable {
            if (replaceable(name, who) != replaced) {
              throw Error(Errc::kBusy, "root filesystem " + text::quoted(name) + " was changed in the meantime");
            }
            reply->send(submit(who, std::move(plan)));
          }};
}

void ManagerObject::ImportRootfs(sdbus::Result<std::uint64_t>&& result, std::string name, sdbus::UnixFd data,
                                 Options options) {
  serve(std::move(result), [&](const Caller& who) {
    return visit_import("ImportRootfs", who, requests::import_rootfs(who, name, data, options, context_.settings));
  });
}

void ManagerObject::PullRootfs(sdbus::Result<std::uint64_t>&& result, std::string name, std::string source,
                               Options options) {
  serve(std::move(result), [&](const Caller& who) {
    return visit_import("PullRootfs", who, requests::pull_rootfs(who, name, source, options, context_.settings));
  });
}

void ManagerObject::RemoveRootfs(sdbus::Result<std::uint64_t>&& result, std::string name, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<std::uint64_t> {
    const bool damaged = context_.store.catalogue().find_damaged(store::Kind::kRootfs, name) != nullptr;
    const auto owner = damaged ? std::uint32_t{0} : rootfs(name).owner;
    auto plan = requests::remove_rootfs(who, model::RootfsName::parse(name), options);
    plan.record.commit["rootfs_created_usec"] = replaceable(name, who).created_usec;
    const auto check_unused = [this, name] {
      const auto users = context_.store.catalogue().users_of_rootfs(name);
      if (users.empty()) return;
      throw Error(Errc::kInUse, "root filesystem " + text::quoted(name) + " is used by " + text::join(users, ", "));
    };
    check_unused();
    auto checks = context_.door.required("RemoveRootfs", who, owner,
                                         {{"rootfs", name}, {"owner", std::to_string(owner)}, {"verb", "remove"}});
    return {std::move(checks), [this, who, check_unused, plan = std::move(plan)](auto reply) mutable {
              check_unused();
              reply->send(submit(who, std::move(plan)));
            }};
  });
}

void ManagerObject::CollectGarbage(sdbus::Result<std::uint64_t>&& result, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<std::uint64_t> {
    auto plan = requests::collect_garbage(who, options);
    auto checks = context_.door.required("CollectGarbage", who, {}, {{"verb", "remove what nothing needs"}});
    return {std::move(checks),
            [this, who, plan = std::move(plan)](auto reply) mutable { reply->send(submit(who, std::move(plan))); }};
  });
}

void ManagerObject::InspectCache(sdbus::Result<Description>&& result, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<Description> {
    OptionReader(options, "option").finish();
    return {context_.door.required("InspectCache", who, {}, {}),
            [this](auto reply) { reply->send(public_of(context_.cache)); }};
  });
}

void ManagerObject::ListCache(sdbus::Result<List>&& result, Options filter) {
  serve(std::move(result), [&](const Caller& who) -> Visit<List> {
    OptionReader(filter, "filter").finish();
    auto checks = context_.door.required("ListCache", who, {}, {{"verb", "list"}, {"target", "the cache of blobs"}});
    return {std::move(checks), [this](auto reply) {
              List list;
              for (const auto& blob : context_.cache.list()) {
                list.push_back({{"digest", sdbus::Variant{blob.digest}},
                                {"size", sdbus::Variant{blob.size}},
                                {"used-usec", sdbus::Variant{blob.used_usec}}});
              }
              reply->send(list);
            }};
  });
}

void ManagerObject::CleanCache(sdbus::Result<Description>&& result, Options options) {
  serve(std::move(result), [&](const Caller& who) -> Visit<Description> {
    OptionReader reader(options, "option");
    const bool all = reader.take<bool>("all").value_or(false);
    reader.finish();
    auto checks = context_.door.required("CleanCache", who, {}, {{"verb", "remove cached blobs"}});
    return {std::move(checks), [this, all](auto reply) {
              const auto freed = context_.cache.clean(all ? 0 : context_.cache.max_bytes());
              context_.jobs.empty_trash();
              reply->send({{"blobs", sdbus::Variant{freed.count}}, {"bytes", sdbus::Variant{freed.bytes}}});
            }};
  });
}

}  // namespace sdme::bus
