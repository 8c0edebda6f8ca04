// SPDX-License-Identifier: MIT
#include "bus/requests.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "support/expect_error.hpp"

namespace sdme::bus::requests {

using sdbus::Variant;
using test::error_of;
using testing::HasSubstr;

class Requests : public testing::Test {
 protected:
  Requests() {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    reading_ = sdbus::UnixFd{ends[0], sdbus::adopt_fd};
    writing_ = sdbus::UnixFd{ends[1], sdbus::adopt_fd};
    container_.definition.host_clone = true;
  }
  static Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }
  job::Plan run(Command command) { return exec(alice_, container_, command, {reading_, writing_, writing_}, {}); }
  std::string refusal(const Command& command) {
    return error_of(Errc::kInvalidArgument, [&] { run(command); });
  }

  Caller alice_{.uid = 1000, .id = ":1.7"};
  store::Settings settings_;
  model::ContainerRecord container_{.name = model::ContainerName::parse("web")};
  sdbus::UnixFd reading_, writing_;
};

TEST_F(Requests, AnImportFromAPipeEndsWithItsCallerUnlessItSaysOtherwise) {
  EXPECT_TRUE(import_rootfs(alice_, "debian", reading_, {}, settings_).record.cancel_on_disconnect);
  const Options stay = {{"on-disconnect", Variant{std::string("continue")}}};
  EXPECT_FALSE(import_rootfs(alice_, "debian", reading_, stay, settings_).record.cancel_on_disconnect);
}

TEST_F(Requests, AnImportHoldsItsNameAlone) {
  const auto plan = import_rootfs(alice_, "debian", reading_, {{"force", Variant{true}}}, settings_);
  ASSERT_EQ(plan.record.claims.size(), 1U);
  EXPECT_EQ(plan.record.claims[0].name, "rootfs/debian");
  EXPECT_EQ(plan.record.claims[0].mode, store::Claim::kExclusive);
  EXPECT_EQ(plan.record.commit.at("replace"), true);
  EXPECT_EQ(plan.record.owner, 1000U);
}

TEST_F(Requests, ATagIsForArchivesAlone) {
  const Options tagged = {{"tag", Variant{std::string("v1")}}};
  const auto pull = [&](const std::string& source) {
    return pull_rootfs(alice_, "debian", source, tagged, settings_).record.request.at("tag");
  };
  EXPECT_EQ(pull("https://x/images.tar"), "v1");
  EXPECT_EQ(import_rootfs(alice_, "debian", reading_, tagged, settings_).record.request.at("tag"), "v1");
  EXPECT_THAT(error_of(Errc::kInvalidArgument, [&] { pull("docker://debian"); }), HasSubstr("part of the name"));
}

TEST_F(Requests, ADefinitionHasEveryDefaultFilledIn) {
  const auto [clone, cancel] = new_definition({}, true, settings_);
  EXPECT_FALSE(cancel);
  EXPECT_FALSE(clone.userns);
  EXPECT_EQ(clone.opaque_dirs, settings_.opaque_dirs);
  EXPECT_THAT(clone.host_features(), testing::ElementsAre("host-clone", "host-network", "no-user-namespace"));

  const auto confined = new_definition({{"network", Variant{std::string("private")}}}, false, settings_).definition;
  EXPECT_TRUE(confined.userns);
  EXPECT_TRUE(confined.opaque_dirs.empty());
  EXPECT_FALSE(confined.privileged());
}

class SecurityRequests : public Requests {
 protected:
  using List = std::vector<std::string>;
  static Options list(const std::string& key, const List& items) { return {{key, Variant{items}}}; }
  model::Definition made(const Options& options) { return new_definition(options, false, settings_).definition; }
  std::string refused(const Options& options) {
    return error_of(Errc::kInvalidArgument, [&] { made(options); });
  }
  model::Definition strict() {
    return {.network = {.mode = model::Network::Mode::kPrivate},
            .userns = true,
            .security = {.profile = "strict",
                         .drop_capabilities = {"CAP_NET_RAW", "CAP_BPF"},
                         .no_new_privileges = true,
                         .system_call_filter = {"~@debug", "~kcmp"}}};
  }
};

TEST_F(SecurityRequests, WhatIsAskedForWins) {
  const auto more = changed_definition(list("capabilities", {"net_raw", "sys_module"}), strict()).definition;
  EXPECT_THAT(more.security.drop_capabilities, testing::ElementsAre("CAP_BPF"));
  EXPECT_THAT(more.security.capabilities, testing::ElementsAre("CAP_NET_RAW", "CAP_SYS_MODULE"));
  EXPECT_THAT(more.host_features(), testing::ElementsAre("capability:CAP_SYS_MODULE"));
  const auto less = changed_definition(list("drop-capabilities", {"cap_net_raw"}), more).definition;
  EXPECT_THAT(less.security.capabilities, testing::ElementsAre("CAP_SYS_MODULE"));
  EXPECT_THAT(less.security.drop_capabilities, testing::ElementsAre("CAP_BPF", "CAP_NET_RAW"));
}

TEST_F(SecurityRequests, AFilterIsBesideTheProfiles) {
  const auto less = changed_definition(list("system-call-filter", {"~@mount"}), strict()).definition;
  EXPECT_THAT(less.security.system_call_filter, testing::ElementsAre("~@debug", "~kcmp", "~@mount"));
  const auto more = changed_definition(list("system-call-filter", {"kcmp"}), less).definition;
  EXPECT_THAT(more.security.system_call_filter, testing::ElementsAre("~@debug", "~@mount", "kcmp"));
  EXPECT_THAT(more.host_features(), testing::ElementsAre("system-call:kcmp"));
}

TEST_F(SecurityRequests, ContradictionsAndUnknownWordsAreRefused) {
  auto both = list("capabilities", {"CAP_BPF"});
  both["drop-capabilities"] = Variant{List{"bpf"}};
  EXPECT_THAT(refused(both), HasSubstr("CAP_BPF is both added and dropped"));
  EXPECT_THAT(refused(list("capabilities", {"all"})), HasSubstr("is no capability"));
  EXPECT_THAT(refused(list("drop-capabilities", {"CAP_NOSUCH"})), HasSubstr("is no capability"));
  EXPECT_THAT(refused(list("system-call-filter", {"nosuch"})), HasSubstr("is no system call"));
  EXPECT_THAT(refused(list("system-call-filter", {"~@nosuch"})), HasSubstr("is no group of system calls"));
  EXPECT_THAT(refused(list("system-call-filter", {"bpf", "~bpf"})), HasSubstr("both allowed and forbidden"));
  EXPECT_THAT(refused(list("system-call-filter", List(300, "bpf"))), HasSubstr("256"));
  EXPECT_THAT(refused({{"apparmor-profile", Variant{std::string("a b")}}}), HasSubstr("AppArmor"));
  error_of(Errc::kNotFound, [&] { made({{"profile", Variant{std::string("../strict")}}}); });
}

TEST_F(SecurityRequests, NoProfileTakesBackWhatOneGave) {
  const auto bare = changed_definition({{"profile", Variant{std::string("none")}}}, strict()).definition;
  EXPECT_EQ(bare.security, model::Security{});
  EXPECT_TRUE(bare.userns);
}

TEST_F(Requests, ADefinitionWithABadPathOrUnitIsRefused) {
  const auto refused = [&](const std::string& key, std::vector<std::string> list) {
    return !error_of(Errc::kInvalidArgument, [&] { new_definition({{key, Variant{list}}}, false, settings_); }).empty();
  };
  EXPECT_TRUE(refused("opaque-dirs", {"relative"}));
  EXPECT_TRUE(refused("opaque-dirs", {"/a/../b"}));
  EXPECT_TRUE(refused("opaque-dirs", {"/a", "/a"}));
  EXPECT_TRUE(refused("masked-services", {"../x.service"}));
  EXPECT_TRUE(refused("masked-services", {"noending"}));
  EXPECT_TRUE(refused("opaque-dir", {"/a"}));
}

TEST_F(Requests, AVolumeStaysWhileAJobNeedsIt) {
  const auto is_shared = [](const job::Plan& plan) {
    return std::ranges::count_if(plan.record.claims, [](const store::Claim& claim) {
             return claim.name == "volume/data" && claim.mode == store::Claim::kShared;
           }) == 1;
  };
  container_.definition.binds = {model::Bind::parse("data:/srv/a"), model::Bind::parse("data:/srv/b"),
                                 model::Bind::parse("/srv/c:/srv/c")};
  EXPECT_TRUE(is_shared(create(alice_, container_, false)));
  EXPECT_TRUE(is_shared(update(alice_, container_, {.definition = container_.definition})));
  EXPECT_EQ(create(alice_, container_, false).record.request.at("caller"), 1000U)
      << "the worker looks at what may be his";
  const auto removal = remove_volume(alice_, model::VolumeName::parse("data"), {});
  EXPECT_EQ(removal.record.claims.at(0).name, "volume/data");
  EXPECT_EQ(removal.record.claims.at(0).mode, store::Claim::kExclusive);
}

TEST_F(Requests, APortThatIsAddedIsNobodyElsesMeanwhile) {
  container_.definition.network = model::Network::parse("veth");
  container_.definition.ports = {model::Port::parse("8080:80")};
  EXPECT_EQ(create(alice_, container_, false).record.claims.at(1).name, "port/8080/tcp");
  auto more = container_.definition;
  more.ports.push_back(model::Port::parse("127.0.0.1:53/udp"));
  const auto claims = update(alice_, container_, {.definition = more}).record.claims;
  ASSERT_EQ(claims.size(), 2U) << "what it has is its own already";
  EXPECT_EQ(claims.at(1).name, "port/53/udp");
  EXPECT_EQ(claims.at(1).mode, store::Claim::kExclusive);
}

TEST_F(Requests, APodOfApplicationsIsTakenAndTakenBack) {
  const auto word = [](const char* text) { return Variant{std::string(text)}; };
  const Options options = {{"network", word("veth")}, {"userns", Variant{false}}, {"oci-pod", word("shop")}};
  container_.definition = new_definition(options, false, settings_).definition;
  EXPECT_EQ(container_.definition.oci_pod, "shop");
  EXPECT_EQ(create(alice_, container_, false).record.claims.at(1).name, "pod/shop");
  EXPECT_EQ(changed_definition({{"restart", word("on-failure")}}, container_.definition).definition.oci_pod, "shop");
  EXPECT_EQ(changed_definition({{"oci-pod", word("")}}, container_.definition).definition.oci_pod, "");
  const auto refused = [&](const Options& changes) {
    return error_of(Errc::kInvalidArgument, [&] { changed_definition(changes, container_.definition); });
  };
  EXPECT_THAT(refused({{"userns", Variant{true}}}), HasSubstr("user namespace"));
  EXPECT_THAT(refused({{"network", word("pod:shop")}}), HasSubstr("as a whole"));
  EXPECT_THAT(refused({{"oci-pod", word("Shop")}}), HasSubstr("pod name"));
}

TEST_F(Requests, ACloneIsEnteredAsOneself) {
  EXPECT_EQ(run({.argv = {bytes("id")}}).record.request.at("user"), "1000");
  EXPECT_EQ(run({.user = "root", .argv = {bytes("id")}}).record.request.at("user"), "root");
  container_.definition.host_clone = false;
  EXPECT_EQ(run({.argv = {bytes("id")}}).record.request.at("user"), "");
}

TEST_F(Requests, ACommandTravelsAsBytes) {
  const auto plan = run({.argv = {bytes("echo"), bytes("\xff $HOME %n")}});
  EXPECT_EQ(plan.record.request.at("argv")[1], "ff2024484f4d4520256e");
  EXPECT_EQ(plan.fds.size(), 3U);
}

TEST_F(Requests, ACommandThatCannotBeMeantIsRefused) {
  EXPECT_THAT(refusal({}), HasSubstr("must begin with the program"));
  EXPECT_THAT(refusal({.argv = {Bytes{'a', 0}}}), HasSubstr("NUL"));
  EXPECT_THAT(refusal({.argv = {bytes("a")}, .env = {bytes("NOVALUE")}}), HasSubstr("NAME=VALUE"));
  EXPECT_THAT(refusal({.argv = {bytes("a")}, .cwd = bytes("tmp")}), HasSubstr("absolute"));
  EXPECT_THAT(refusal({.user = "a b", .argv = {bytes("a")}}), HasSubstr("not a user name"));
  EXPECT_THAT(refusal({.argv = {Bytes(2 << 20, 'x')}}), HasSubstr("1 MiB"));
}

TEST_F(Requests, ATimeoutIsThatOfTheFirstStep) {
  const Options options = {{"mode", Variant{std::string("terminate")}}, {"timeout-usec", Variant{std::uint64_t{5}}}};
  const auto plan = stop(alice_, container_, options, settings_);
  EXPECT_EQ(plan.record.request.at("terminate_usec"), 5U);
  EXPECT_EQ(plan.record.request.at("kill_usec"), 15'000'000U);
  EXPECT_THAT(error_of(Errc::kInvalidArgument,
                       [&] { start(alice_, container_, {{"timeout-usec", Variant{std::uint64_t{0}}}}, settings_); }),
              HasSubstr("between"));
}

}  // namespace sdme::bus::requests
