// SPDX-License-Identifier: MIT
#include "disk/places.hpp"

#include <gmock/gmock.h>
#include <systemd/sd-gpt.h>
#include <systemd/sd-id128.h>

#include <set>

namespace sdme::test {

namespace {

using disk::Partition;
using testing::ElementsAre;
using testing::IsEmpty;

std::string text_of(sd_id128_t id) {
  char text[SD_ID128_UUID_STRING_MAX];
  return sd_id128_to_uuid_string(id, text);
}

class Places : public testing::Test {
 protected:
  // "usr@2" for each.
  std::vector<std::string> planned(const std::string& fstab = "") {
    const disk::Looks looks = {.like_usr = [&](const Partition& one) { return one.number == like_usr_; },
                               .like_boot = [&](const Partition& one) { return one.number == like_boot_; },
                               .is_empty = [&](const std::string& where) { return empty_.contains(where); }};
    std::vector<std::string> words;
    for (const auto& place : disk::plan_places(partitions_, partitions_[0], disk::parse_fstab(fstab), looks)) {
      words.push_back(place.where + "@" + std::to_string(place.partition->number));
    }
    return words;
  }

  std::vector<Partition> partitions_ = {
      {.number = 1, .format = "ext4", .label = "root"},
      {.number = 2, .format = "ext4", .label = "two"},
      {.number = 3, .format = "vfat", .label = "three"},
      {.number = 4, .format = "crypto_LUKS", .label = "four"},
  };
  std::set<std::string> empty_ = {"usr", "boot", "efi", "boot/efi"};
  int like_usr_ = 0;
  int like_boot_ = 0;
};

TEST_F(Places, AreWhatFstabSays) {
  EXPECT_THAT(planned("LABEL=three /boot/efi vfat\nLABEL=two /boot ext4\nLABEL=root / ext4\nLABEL=none /srv ext4\n"),
              ElementsAre("boot@2", "boot/efi@3"))
      << "parents come first, and what is not there is left out";
  EXPECT_THAT(planned("LABEL=two /../../etc ext4\nLABEL=four /home ext4\nLABEL=root /again ext4\n"), IsEmpty());
  EXPECT_THAT(planned("LABEL=two /boot ext4\nLABEL=three /boot vfat\n"), ElementsAre("boot@2"));
}

TEST_F(Places, AreByTypeWhereFstabIsSilent) {
  partitions_[1].type = text_of(SD_GPT_USR_NATIVE);
  partitions_[2].type = SD_GPT_ESP_STR;
  EXPECT_THAT(planned(), ElementsAre("efi@3", "usr@2"));
  EXPECT_THAT(planned("LABEL=two /srv ext4\n"), ElementsAre("efi@3", "srv@2"));
  empty_.erase("efi");
  EXPECT_THAT(planned(), ElementsAre("boot/efi@3", "usr@2"));
  partitions_[1].no_auto = true;
  EXPECT_THAT(planned(), ElementsAre("boot/efi@3"));
}

TEST_F(Places, AreByContentWhereNothingElseSays) {
  like_boot_ = 2;
  EXPECT_THAT(planned(), ElementsAre("boot@2"));
  empty_.erase("boot");
  EXPECT_THAT(planned(), IsEmpty()) << "the root has its own";
  like_usr_ = 2;
  EXPECT_THAT(planned(), ElementsAre("usr@2"));
}

TEST_F(Places, RolesFollowFromTypes) {
  EXPECT_EQ(disk::role_of({.type = text_of(SD_GPT_ROOT_NATIVE)}), disk::Role::kRoot);
  EXPECT_EQ(disk::role_of({.type = SD_GPT_XBOOTLDR_STR}), disk::Role::kBoot);
  EXPECT_EQ(disk::role_of({.type = "0xef"}), disk::Role::kEsp);
  EXPECT_EQ(disk::role_of({.type = "0x83"}), disk::Role::kOther);
  EXPECT_EQ(disk::role_of({.type = "no uuid"}), disk::Role::kOther);
  EXPECT_EQ(disk::role_of({}), disk::Role::kOther);
}

}  // namespace

}  // namespace sdme::test
