// SPDX-License-Identifier: MIT
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "store/crash_points.hpp"
#include "store/store_dirs.hpp"
#include "support/expect_error.hpp"

// A daemon that dies or fails anywhere leaves the old or the new state, whole, and no rubbish but in the trash.
namespace sdme::store {

namespace points = test::crash_points;
using test::container;
using test::kLayerA;
using test::kLayerB;
using test::rootfs;

struct Operation {
  std::string name;
  std::function<void(Store&)> prepare;  // before anything can happen
  std::function<void(Store&)> run;
  bool may_be_gone = false;  // to run it again after success says NotFound
  bool renames = false;      // what it did is complete before all that follows from it is written
};

void PrintTo(const Operation& operation, std::ostream* out) { *out << operation.name; }

constexpr std::uint64_t kJob = 7;

void prepare_used_rootfs(Store& store) {
  test::import(store, 1, kLayerA, rootfs("debian", {kLayerA}));
  test::create(store, 2, container("web", "debian", {kLayerA}));
}

void prepare_required(Store& store) {
  prepare_used_rootfs(store);
  auto front = container("front", "debian", {kLayerA});
  front.definition.requirements = {"web"};
  test::create(store, 3, front);
}

void prepare_import(Store& store) {
  prepare_used_rootfs(store);
  test::stage_layer(store, kJob, kLayerB, kLayerB);
}

auto import_as(const std::string& name, Replace replace) {
  return [name, replace](Store& store) {
    store.commit_layer(kJob, kLayerB);
    store.commit_rootfs(rootfs(name, {kLayerB}), replace);
    store.discard_staging(kJob);
    store.trash_unused_layers({});
  };
}

std::vector<Operation> operations() {
  return {
      {"Import", prepare_import, import_as("fresh", Replace::kNo)},
      {"ImportOver", prepare_import, import_as("debian", Replace::kYes)},
      {"ImportOfAKnownLayer",
       [](Store& store) {
         prepare_import(store);
         test::import(store, 3, kLayerB, rootfs("other", {kLayerB}));
       },
       import_as("fresh", Replace::kNo)},
      {"Create",
       [](Store& store) {
         prepare_used_rootfs(store);
         test::stage_container(store, kJob);
       },
       [](Store& store) { store.commit_container(kJob, container("db", "debian", {kLayerA})); }},
      {"Update", prepare_used_rootfs,
       [](Store& store) {
         auto record = container("web", "debian", {kLayerA});
         record.enabled = true;
         store.update_container(record);
       }},
      {"RemoveContainer", prepare_used_rootfs, [](Store& store) { store.trash_container("web"); }, true},
      {"Rename", prepare_required,
       [](Store& store) { store.rename_container("web", model::ContainerName::parse("shop")); }, true, true},
      {"RemoveRootfs", [](Store& store) { test::import(store, 1, kLayerA, rootfs("debian", {kLayerA})); },
       [](Store& store) {
         store.trash_rootfs("debian");
         store.trash_unused_layers({});
       },
       true},
      {"MakeVolume", prepare_import, [](Store& store) { store.make_volume(test::volume("data")); }},
      {"RemoveVolume", [](Store& store) { store.make_volume(test::volume("data")); },
       [](Store& store) { store.trash_volume("data"); }, true},
      {"Discard", prepare_import, [](Store& store) { store.discard_staging(kJob); }},
      {"MakeStaging", prepare_import, [](Store& store) { store.make_staging(kJob); }},
      {"Sweep",
       [](Store& store) {
         prepare_import(store);
         test::import(store, 3, kLayerB, rootfs("gone", {kLayerB}));
         store.trash_rootfs("gone");
       },
       [](Store& store) { store.sweep({}, {}); }},
  };
}

class CrashTest : public testing::TestWithParam<Operation> {
 protected:
  using Listing = std::set<std::string>;

  void prepare(const test::StoreDirs& dirs) {
    auto store = dirs.open();
    GetParam().prepare(store);
  }

  // As the next daemon finds it, which knows of no job.
  static Listing swept(const test::StoreDirs& dirs) {
    auto store = dirs.open();
    store.sweep({}, {});
    check_whole(store, dirs);
    return dirs.listing();
  }

  static void check_whole(const Store& store, const test::StoreDirs& dirs) {
    EXPECT_TRUE(store.catalogue().damaged().empty());
    EXPECT_TRUE(std::filesystem::is_empty(dirs / "staging"));
    for (const auto& layer : store.catalogue().layers_in_use()) {
      EXPECT_EQ(test::content(dirs / ("layers/" + layer + "/tree/etc/mark")), layer);
    }
  }

  Listing old_state() {
    const test::StoreDirs dirs;
    prepare(dirs);
    return swept(dirs);
  }

  Listing new_state() {
    const test::StoreDirs dirs;
    prepare(dirs);
    {
      auto store = dirs.open();
      GetParam().run(store);
    }
    return swept(dirs);
  }

  // Runs the operation in a process that dies at the n-th point; whether it did.
  bool dies_at(int nth, const test::StoreDirs& dirs) {
    const pid_t child = fork();
    if (child == 0) {
      auto store = dirs.open();
      points::arm(nth);
      GetParam().run(store);
      _exit(0);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == points::kDied));
    return WIFEXITED(status) && WEXITSTATUS(status) == points::kDied;
  }

  // What the daemon would tell and what the next one would read.
  static void expect_same(const Catalogue& catalogue, const test::StoreDirs& dirs) {
    std::set<std::string> told, kept;
    for (const auto& [name, record] : catalogue.containers())
      told.insert("containers/" + name + "/record.json=" + record.to_text());
    for (const auto& [name, record] : catalogue.rootfs())
      told.insert("rootfs/" + name + "/record.json=" + record.to_text());
    for (const auto& line : dirs.listing()) {
      const bool entry = line.starts_with("containers/") || line.starts_with("rootfs/");
      if (entry && line.find("/record.json=") != std::string::npos) kept.insert(line);
    }
    EXPECT_EQ(told, kept);
    EXPECT_TRUE(catalogue.damaged().empty());
  }

  void run_again(Store& store) {
    try {
      GetParam().run(store);
    } catch (const Error& error) {
      EXPECT_TRUE(GetParam().may_be_gone && error.code() == Errc::kNotFound) << error.message();
    }
  }
};

TEST_P(CrashTest, DiesAnywhere) {
  const auto before = old_state();
  const auto after = new_state();
  int nth = 1;
  for (;; ++nth) {
    const test::StoreDirs dirs;
    prepare(dirs);
    const bool died = dies_at(nth, dirs);
    const auto found = swept(dirs);
    EXPECT_TRUE(found == before || found == after)
        << "after dying at point " << nth << ": " << testing::PrintToString(found);
    if (!died) break;
  }
  EXPECT_GT(nth, 1) << "the operation has no points at all";
}

TEST_P(CrashTest, IsFinishedByTheNextDaemon) {
  const auto after = new_state();
  for (int nth = 1;; ++nth) {
    const test::StoreDirs dirs;
    prepare(dirs);
    if (!dies_at(nth, dirs)) break;
    {
      auto store = dirs.open();
      if (GetParam().name != "Sweep") store.sweep({kJob}, {kLayerB});
      run_again(store);
    }
    EXPECT_EQ(swept(dirs), after) << "after dying at point " << nth;
  }
}

TEST_P(CrashTest, FailsAnywhere) {
  const auto after = new_state();
  for (const auto then : {points::Then::kFail, points::Then::kFailFromThere}) {
    for (int nth = 1;; ++nth) {
      SCOPED_TRACE("failing at point " + std::to_string(nth));
      const test::StoreDirs dirs;
      prepare(dirs);
      bool failed = false;
      std::size_t calls = 0;
      {
        auto store = dirs.open();
        points::arm(nth, then, ENOSPC);
        try {
          GetParam().run(store);
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), Errc::kNoSpace) << error.message();
          failed = true;
        }
        calls = points::disarm().size();
        if (GetParam().renames) store.finish_renames();
        expect_same(store.catalogue(), dirs);
        if (failed) run_again(store);
        expect_same(store.catalogue(), dirs);
      }
      const auto found = swept(dirs);
      EXPECT_TRUE(found == after) << testing::PrintToString(found);
      if (static_cast<std::size_t>(nth) > calls) break;
    }
  }
}

// What a power failure could take: a rename becomes visible only when all that it shows is on the disk, and who is
// told that something was done can rely on it.
TEST_P(CrashTest, SyncsBeforeItShows) {
  const test::StoreDirs dirs;
  prepare(dirs);
  auto store = dirs.open();
  const auto inode = [&](const char* below) { return os::Dir::open(dirs / below).stat(".")->st_ino; };
  const std::set<ino_t> unsynced_is_fine = {inode("trash"), inode("staging")};
  const std::set<ino_t> visible = {inode("layers"), inode("rootfs"), inode("containers"), inode("volumes")};
  points::arm(0);
  GetParam().run(store);
  std::set<ino_t> dirty;
  for (const auto& call : points::disarm()) {
    if (call.name == "fsync") dirty.erase(call.inode);
    if (call.name == "write" || call.name == "fchmod") dirty.insert(call.inode);
    if (!call.name.starts_with("renameat")) continue;
    if (visible.contains(call.target)) {
      for (const auto one : dirty)
        EXPECT_TRUE(visible.contains(one) || unsynced_is_fine.contains(one)) << "inode " << one;
    }
    if (!unsynced_is_fine.contains(call.target)) dirty.insert(call.target);
    // That a layer went was promised to nobody.
    if (visible.contains(call.inode) && call.inode != inode("layers")) dirty.insert(call.inode);
  }
  // Where nothing was promised to anybody, the next sweep does it again.
  if (GetParam().name == "Discard" || GetParam().name == "MakeStaging") return;
  EXPECT_TRUE(dirty.empty());
}

INSTANTIATE_TEST_SUITE_P(Every, CrashTest, testing::ValuesIn(operations()),
                         [](const auto& of) { return of.param.name; });

// A new store too: it is made by the first daemon that finds none.
TEST(CrashOpen, DiesAnywhere) {
  for (int nth = 1;; ++nth) {
    const test::StoreDirs dirs;
    const pid_t child = fork();
    if (child == 0) {
      points::arm(nth);
      dirs.open();
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    auto store = dirs.open();
    store.sweep({}, {});
    EXPECT_EQ(dirs.listing(), (std::set<std::string>{"containers", "layers", "pods", "rootfs", "staging", "trash",
                                                     "volumes", "version.json={\"version\":1}\n"}));
    if (WEXITSTATUS(status) == 0) break;
    ASSERT_EQ(WEXITSTATUS(status), points::kDied);
  }
}

}  // namespace sdme::store
