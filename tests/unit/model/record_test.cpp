// SPDX-License-Identifier: MIT
#include "model/record.hpp"

#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

// A file of each format that was ever written is kept in fixtures/ and must be read for ever.
namespace sdme::model {

using testing::HasSubstr;

std::string fixture(const std::string& name) {
  auto text = test::content(std::string(FIXTURES) + "/" + name);
  EXPECT_FALSE(text.empty()) << name;
  return text;
}

json::Value changed(const std::string& text, const std::string& key, const json::Value& value) {
  auto whole = json::parse(text, "fixture");
  whole[key] = value;
  return whole;
}

TEST(ContainerRecord, ReadsVersion1) {
  const auto record = ContainerRecord::from_text(fixture("container-v1.json"), "it");
  EXPECT_EQ(record.name.str(), "web");
  EXPECT_EQ(record.uuid, "0b5ea5d2-7a11-4b02-9a36-3d9c7e0d8f10");
  EXPECT_EQ(record.owner, 1000U);
  EXPECT_EQ(record.created_usec, 1700000000000000U);
  EXPECT_EQ(record.rootfs, "debian");
  EXPECT_EQ(record.layers, std::vector{std::string(64, 'a')});
  EXPECT_EQ(record.os, "Debian GNU/Linux 13 (trixie)");
  EXPECT_TRUE(record.enabled);
  EXPECT_TRUE(record.definition.userns);
  EXPECT_EQ(record.definition.opaque_dirs, std::vector<std::string>{"/var/log"});
}

TEST(ContainerRecord, IsCountedUnderANumberOfItsUuid) {
  auto record = ContainerRecord::from_text(fixture("container-v1.json"), "it");
  EXPECT_EQ(record.project(), 0x40000000U + 0x0b5ea5d2U);
  for (const auto* odd : {"ffffffff", "", "no number"}) {
    record.uuid = odd;
    EXPECT_GE(record.project(), 0x40000000U) << odd;
    EXPECT_LT(record.project(), 0x80000000U) << odd;
  }
}

TEST(ContainerRecord, KeepsUnknownFieldsWhenRewritten) {
  auto record = ContainerRecord::from_text(fixture("container-v1.json"), "it");
  record.enabled = false;
  record.definition.userns = false;
  auto expected = json::parse(fixture("container-v1.json"), "fixture");
  expected["enabled"] = false;
  expected["definition"]["userns"] = false;
  // Of before there were these: they come with the next writing.
  auto whole = Definition{.network = {.mode = Network::Mode::kPrivate}}.to_json();
  whole.update(expected["definition"]);
  expected["definition"] = whole;
  expected["version"] = kContainerVersion;
  EXPECT_EQ(json::parse(record.to_text(), "it"), expected);
}

TEST(ContainerRecord, ReadsVersion2AndWritesItAsItWas) {
  const auto record = ContainerRecord::from_text(fixture("container-v2.json"), "it");
  const auto& definition = record.definition;
  EXPECT_EQ(to_text(definition.network.address), "10.77.16.2");
  EXPECT_EQ(definition.ports.at(1).address, "::1");
  EXPECT_EQ(definition.binds.at(0).source, "/srv/a:b");
  EXPECT_EQ(definition.limits.cpus, 1500U);
  EXPECT_TRUE(definition.security.no_new_privileges);
  EXPECT_TRUE(definition.is_protected);
  auto expected = json::parse(fixture("container-v2.json"), "fixture");
  expected["definition"]["oci_pod"] = "";  // of before there was one: it comes with the next writing
  EXPECT_EQ(json::parse(record.to_text(), "it"), expected);
}

TEST(RootfsRecord, ReadsVersion1AndKeepsUnknownFields) {
  auto record = RootfsRecord::from_text(fixture("rootfs-v1.json"), "it");
  EXPECT_EQ(record.name.str(), "debian");
  EXPECT_EQ(record.layers.size(), 2U);
  EXPECT_EQ(record.size, 300000000U);
  EXPECT_EQ(record.entries, 12345U);
  EXPECT_TRUE(record.bootable);
  auto expected = json::parse(fixture("rootfs-v1.json"), "fixture");
  expected["origin"] = record.origin = "elsewhere";
  // Of before there were images: they come with the next writing.
  expected.update({{"layer_sizes", {0, 0}}, {"platform", ""}, {"config", ""}, {"missing", json::Value::array()}});
  EXPECT_EQ(json::parse(record.to_text(), "it"), expected);
}

TEST(RootfsRecord, KnowsTheSizeOfTheOneLayerOfOldRecords) {
  auto old = json::parse(fixture("rootfs-v1.json"), "fixture");
  old["layers"].erase(1);
  EXPECT_EQ(RootfsRecord::from_text(old.dump(), "it").layer_sizes, std::vector<std::uint64_t>{300000000U});
  old["layer_sizes"] = {1, 2};
  test::error_of(Errc::kCorrupt, [&] { RootfsRecord::from_text(old.dump(), "it"); });
}

TEST(VolumeRecord, ReadsVersion1AndKeepsUnknownFields) {
  auto record = VolumeRecord::from_text(fixture("volume-v1.json"), "it");
  EXPECT_EQ(record.name.str(), "data");
  EXPECT_EQ(record.owner, 1000U);
  EXPECT_EQ(record.created_usec, 1700000000000000U);
  EXPECT_EQ(json::parse(record.to_text(), "it"), json::parse(fixture("volume-v1.json"), "fixture"));
}

// What a record is read by, and its newest version, by the name of its fixture.
void read_as(const std::string& name, const std::string& text) {
  if (name.starts_with("c")) static_cast<void>(ContainerRecord::from_text(text, "record 'x'"));
  if (name.starts_with("r")) static_cast<void>(RootfsRecord::from_text(text, "record 'x'"));
  if (name.starts_with("v")) static_cast<void>(VolumeRecord::from_text(text, "record 'x'"));
}

std::uint64_t newest_of(const std::string& name) {
  return name.starts_with("c") ? kContainerVersion : name.starts_with("r") ? kRootfsVersion : kVolumeVersion;
}

TEST(Record, NewerVersionIsRefusedWithASentence) {
  for (const auto* name : {"container-v1.json", "rootfs-v1.json", "volume-v1.json"}) {
    const auto newest = newest_of(name);
    const auto newer = changed(fixture(name), "version", newest + 1).dump();
    const auto message = test::error_of(Errc::kNotSupported, [&] { read_as(name, newer); });
    EXPECT_THAT(message, HasSubstr("record 'x'"));
    EXPECT_THAT(message, HasSubstr("newer sdmed (format " + std::to_string(newest + 1) + ", this one reads " +
                                   std::to_string(newest) + ")"));
  }
}

TEST(Record, OddVersionsAreDamage) {
  for (const json::Value& version :
       {json::Value(0), json::Value(-1), json::Value("1"), json::Value(), json::Value(1.0)}) {
    const auto text = changed(fixture("container-v1.json"), "version", version).dump();
    test::error_of(Errc::kCorrupt, [&] { ContainerRecord::from_text(text, "it"); });
  }
}

TEST(Record, EveryFieldIsNeededAndTyped) {
  for (const auto* name : {"container-v1.json", "rootfs-v1.json", "volume-v1.json"}) {
    const auto whole = json::parse(fixture(name), "fixture");
    const auto read = [&](const json::Value& value) { read_as(name, value.dump()); };
    for (const auto& [key, value] : whole.items()) {
      if (key == "of_a_later_version") continue;
      auto less = whole;
      less.erase(key);
      EXPECT_THAT(test::error_of(Errc::kCorrupt, [&] { read(less); }), HasSubstr(key));
      auto mistyped = whole;
      mistyped[key] = json::Value{{"odd", 1}};
      test::error_of(Errc::kCorrupt, [&] { read(mistyped); });
    }
  }
}

TEST(Record, DamagedTextIsASentence) {
  const auto whole = fixture("container-v1.json");
  for (std::size_t length = 0; length + 2 < whole.size(); length += 7) {
    test::error_of(Errc::kCorrupt, [&] { ContainerRecord::from_text(whole.substr(0, length), "it"); });
  }
  test::error_of(Errc::kCorrupt, [&] { ContainerRecord::from_text(std::string(4096, '\0'), "it"); });
}

TEST(Record, NamesAndLayersAreChecked) {
  for (const auto* name : {"../x", "", "A"}) {
    const auto text = changed(fixture("container-v1.json"), "name", name).dump();
    EXPECT_THROW(ContainerRecord::from_text(text, "it"), Error);
  }
  for (const auto* layer : {"../x", "", "AA"}) {
    const auto text = changed(fixture("container-v1.json"), "layers", {layer}).dump();
    test::error_of(Errc::kCorrupt, [&] { ContainerRecord::from_text(text, "it"); });
  }
}

TEST(Record, ForeignBytesCannotBreakTheFile) {
  auto record = RootfsRecord::from_text(fixture("rootfs-v1.json"), "it");
  record.origin = "a\"b\\\xff\n\x01";
  const auto back = RootfsRecord::from_text(record.to_text(), "it");
  EXPECT_THAT(back.origin, testing::StartsWith("a\"b\\"));
}

TEST(LayerId, Is64LowerHexDigits) {
  EXPECT_TRUE(is_layer_id(std::string(64, '0')));
  EXPECT_TRUE(is_layer_id("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
  EXPECT_FALSE(is_layer_id(""));
  EXPECT_FALSE(is_layer_id(std::string(63, '0')));
  EXPECT_FALSE(is_layer_id(std::string(65, '0')));
  EXPECT_FALSE(is_layer_id(std::string(64, 'A')));
  EXPECT_FALSE(is_layer_id(std::string(63, '0') + "g"));
  EXPECT_FALSE(is_layer_id(std::string(63, '0') + "/"));
}

}  // namespace sdme::model
