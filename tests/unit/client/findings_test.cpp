// SPDX-License-Identifier: MIT
#include "findings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/temp_dir.hpp"

namespace sdme::client {
namespace {

using testing::HasSubstr;
using testing::Not;
using Level = Finding::Level;

class FindingsTest : public testing::Test {
 protected:
  void SetUp() override {
    put("/proc/filesystems", "nodev\toverlay\n");
    put("/sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n");
    put("/sys/module/apparmor/parameters/enabled", "Y\n");
    put("/usr/lib/systemd/systemd-machined", "");
    put("/etc/subuid", "alice:100000:65536\n");
    put("/usr/lib/systemd/network/80-container-ve.network", "[Match]\nKind=veth\nName=ve-*\n");
    for (const std::string name : {"systemd-nspawn", "dnsmasq", "nft", "ip", "qemu-img"}) put("/usr/bin/" + name, "");
  }
  void put(const std::string& path, const std::string& text) const { test::put(root() + path, text); }
  std::string root() const { return temp_ / "host"; }
  Finding find(const std::string& what) const {
    const auto all = examine_host(root(), release_, report_);
    return *std::ranges::find(all, what, &Finding::what);
  }
  Level level(const std::string& what) const { return find(what).level; }

  test::TempDir temp_;
  std::string release_ = "6.12.1-1-amd64";
  HostReport report_;
};

TEST_F(FindingsTest, AGoodHostHasNothing) {
  for (const auto& finding : examine_host(root(), release_, {})) {
    EXPECT_EQ(finding.level, Level::kOk) << finding.what << ": " << finding.sentence;
    EXPECT_EQ(finding.fix, "");
  }
}

TEST_F(FindingsTest, EveryProblemHasAFix) {
  const test::TempDir empty;
  for (const auto& finding :
       examine_host(empty / "none", "4.19", {{"ip filter FORWARD"}, {"ip filter INPUT"}, {"links"}})) {
    EXPECT_EQ(finding.level == Level::kOk, finding.fix.empty()) << finding.what;
  }
}

TEST_F(FindingsTest, Kernel) {
  for (const auto& [release, good] :
       {std::pair{"5.18.9", false}, {"5.19", true}, {"6.1.0-13", true}, {"4.20", false}, {"nonsense", false}}) {
    release_ = release;
    EXPECT_EQ(level("kernel") == Level::kOk, good) << release;
  }
}

TEST_F(FindingsTest, Controllers) {
  put("/sys/fs/cgroup/cgroup.controllers", "cpu pids\n");
  EXPECT_EQ(level("cgroups"), Level::kNote);
  EXPECT_THAT(find("cgroups").sentence, HasSubstr("io, memory"));
  std::filesystem::remove(root() + "/sys/fs/cgroup/cgroup.controllers");
  EXPECT_EQ(level("cgroups"), Level::kProblem);
}

TEST_F(FindingsTest, Tools) {
  std::filesystem::remove(root() + "/usr/bin/nft");
  EXPECT_EQ(level("tools"), Level::kNote);
  EXPECT_THAT(find("tools").sentence, HasSubstr("nft missing"));
  std::filesystem::remove(root() + "/usr/bin/systemd-nspawn");
  EXPECT_EQ(level("tools"), Level::kProblem);
}

TEST_F(FindingsTest, FirewallsAndWhoseTheyAre) {
  report_.forward_drops = {"ip filter FORWARD"};
  EXPECT_EQ(level("firewall"), Level::kProblem);
  EXPECT_THAT(find("firewall").sentence, Not(HasSubstr("addresses")));
  report_ = {.input_drops = {"inet filter input"}};
  EXPECT_THAT(find("firewall").sentence, AllOf(HasSubstr("inet filter input"), HasSubstr("addresses")));
  put("/run/docker.pid", "1");
  EXPECT_THAT(find("firewall").fix, HasSubstr("DOCKER-USER"));
  put("/etc/ufw/ufw.conf", "ENABLED=yes\n");
  EXPECT_THAT(find("firewall").fix, HasSubstr("ufw"));
}

TEST_F(FindingsTest, ForwardingThatIsTurnedOff) {
  put("/etc/sysctl.d/10-on.conf", "net.ipv4.ip_forward = 1\n#net.ipv4.ip_forward=0\n");
  EXPECT_EQ(level("forwarding"), Level::kOk);
  put("/etc/sysctl.d/99-off.conf", "-net/ipv4/ip_forward = 0\n");
  EXPECT_EQ(level("forwarding"), Level::kProblem);
  EXPECT_THAT(find("forwarding").sentence, HasSubstr("/etc/sysctl.d/99-off.conf"));
}

TEST_F(FindingsTest, ForwardingThatIsOffWhileANetworkIsUp) {
  put("/proc/sys/net/ipv4/ip_forward", "0\n");
  EXPECT_EQ(level("forwarding"), Level::kOk);
  put("/sys/class/net/sdz-lan/ifindex", "2\n");
  EXPECT_EQ(level("forwarding"), Level::kProblem);
}

TEST_F(FindingsTest, RulesThatAreGone) {
  report_.lost_rules = {"links", "zone-lan"};
  EXPECT_EQ(level("rules"), Level::kProblem);
  EXPECT_THAT(find("rules").fix, HasSubstr("systemctl restart sdme-network@zone-lan.service"));
}

TEST_F(FindingsTest, NoUserNamespaces) {
  put("/proc/sys/user/max_user_namespaces", "0\n");
  EXPECT_EQ(level("userns"), Level::kProblem);
}

TEST_F(FindingsTest, IdsOfOthers) {
  put("/etc/subgid", "bob:524287:1\n");
  EXPECT_EQ(level("ids"), Level::kOk) << "ends before the range";
  put("/etc/subgid", "bob:500000:65536\nalice:600000:65536\nbob:1:0\n");
  EXPECT_EQ(level("ids"), Level::kNote);
  EXPECT_THAT(find("ids").sentence, HasSubstr("bob, alice"));
}

TEST_F(FindingsTest, FilesOfNetworkd) {
  put("/etc/systemd/network/10-lan.network", "[Match]\nName=en* eth0\n[Network]\nName=*\n");
  EXPECT_EQ(level("networkd"), Level::kOk);
  put("/etc/systemd/network/20-all.network", "[Match]\nName=*\n");
  EXPECT_EQ(level("networkd"), Level::kProblem);
  EXPECT_THAT(find("networkd").sentence, HasSubstr("20-all.network"));
}

TEST_F(FindingsTest, RoomForManyContainers) {
  put("/proc/sys/fs/inotify/max_user_instances", "128\n");
  EXPECT_EQ(level("inotify"), Level::kNote);
  put("/proc/sys/fs/inotify/max_user_instances", "8192\n");
  EXPECT_EQ(level("inotify"), Level::kOk);
}

TEST_F(FindingsTest, Space) {
  EXPECT_EQ(examine_space(temp_ / "none").level, Level::kNote);
  EXPECT_EQ(examine_space(temp_ / "").what, "space");
}

}  // namespace
}  // namespace sdme::client
