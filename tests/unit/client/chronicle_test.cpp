// SPDX-License-Identifier: MIT
#include "chronicle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdme::client {
namespace {

using sdbus::Variant;
using testing::ElementsAre;
using testing::IsEmpty;
using What = ObjectNews::What;

std::vector<std::string> words(const std::vector<Event>& events) {
  std::vector<std::string> all;
  for (const auto& event : events) all.push_back(event.type + " " + event.name + " " + event.event);
  return all;
}

Dict container(const std::string& name, const std::string& state, const std::string& health = "unknown") {
  return {{"name", Variant(name)}, {"state", Variant(state)}, {"health", Variant(health)}, {"enabled", Variant(false)}};
}

class ChronicleTest : public testing::Test {
 protected:
  void SetUp() override { chronicle_.on_lists({container("web", "stopped")}, {}, {}); }

  std::vector<std::string> hear(What what, const std::string& below, const std::string& interface,
                                Dict properties = {}) {
    return words(chronicle_.on_news({what, "/org/sdme1/" + below, "org.sdme1." + interface, std::move(properties)}));
  }
  std::vector<std::string> web_is(const std::string& state, const std::string& health = "unknown") {
    return hear(What::kChanged, "container/web", "Container", {{"State", Variant(state)}, {"Health", Variant(health)}});
  }
  std::vector<std::string> list(const std::vector<Dict>& containers, const std::vector<Dict>& jobs = {}) {
    return words(chronicle_.on_lists(containers, {}, jobs));
  }

  Chronicle chronicle_;
};

TEST_F(ChronicleTest, WhatIsThereAlreadyIsNoNews) {
  Chronicle fresh;
  EXPECT_THAT(fresh.on_lists({container("web", "running", "ok")}, {{{"name", Variant(std::string("debian"))}}}, {}),
              IsEmpty());
  EXPECT_THAT(web_is("stopped"), IsEmpty());
}

TEST_F(ChronicleTest, ALife) {
  EXPECT_THAT(web_is("starting"), ElementsAre("container web starting"));
  EXPECT_THAT(web_is("running"), ElementsAre("container web started"));
  EXPECT_THAT(web_is("running", "ok"), ElementsAre("container web healthy"));
  EXPECT_THAT(web_is("running", "ok"), IsEmpty());
  EXPECT_THAT(web_is("paused", "ok"), ElementsAre("container web paused"));
  EXPECT_THAT(web_is("running", "ok"), ElementsAre("container web resumed"));
  EXPECT_THAT(web_is("stopping"), ElementsAre("container web stopping"));
  EXPECT_THAT(web_is("failed"), ElementsAre("container web failed"));
  EXPECT_THAT(hear(What::kChanged, "container/web", "Container", {{"Enabled", Variant(true)}}),
              ElementsAre("container web enabled"));
  EXPECT_THAT(hear(What::kRemoved, "container/web", "Container"), ElementsAre("container web removed"));
  EXPECT_THAT(hear(What::kRemoved, "container/web", "Container"), IsEmpty());
}

TEST_F(ChronicleTest, NamesAreDecoded) {
  EXPECT_THAT(hear(What::kAdded, "container/a_2db", "Container", {{"State", Variant(std::string("stopped"))}}),
              ElementsAre("container a-b created"));
  EXPECT_THAT(hear(What::kAdded, "rootfs/debian", "Rootfs"), ElementsAre("rootfs debian created"));
  EXPECT_THAT(hear(What::kRemoved, "rootfs/debian", "Rootfs"), ElementsAre("rootfs debian removed"));
  EXPECT_THAT(hear(What::kAdded, "container/web", "Other"), IsEmpty());
}

TEST_F(ChronicleTest, ListsTellWhatWasMissed) {
  EXPECT_THAT(
      list({container("db", "running", "ok"), container("web", "failed")}),
      ElementsAre("container db created", "container db started", "container db healthy", "container web failed"));
  EXPECT_THAT(list({container("web", "failed")}), ElementsAre("container db removed"));
}

TEST_F(ChronicleTest, AJobTellsThatAContainerWasChanged) {
  const auto job = [](const std::string& state) {
    return Dict{
        {"Kind", Variant(std::string("update"))}, {"Target", Variant(std::string("web"))}, {"State", Variant(state)}};
  };
  EXPECT_THAT(hear(What::kAdded, "job/_37", "Job", job("queued")), ElementsAre("job 7 created"));
  EXPECT_THAT(hear(What::kChanged, "job/_37", "Job", {{"State", Variant(std::string("running"))}}),
              ElementsAre("job 7 started"));
  EXPECT_THAT(hear(What::kChanged, "job/_37", "Job", {{"Progress", Variant(0.5)}}), IsEmpty());
  EXPECT_THAT(hear(What::kChanged, "job/_37", "Job", {{"State", Variant(std::string("done"))}}),
              ElementsAre("job 7 done", "container web changed"));
}

}  // namespace
}  // namespace sdme::client
