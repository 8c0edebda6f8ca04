// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "inspection.hpp"
#include "json.hpp"
#include "table.hpp"

namespace sdme::client {
namespace {

using Strings = std::vector<std::string>;

Table sample() {
  Table table({"NAME", "STATUS", "OS"});
  table.add({"web", {"running", Colour::kGreen}, "Debian 13"});
  table.add({"database", {"failed", Colour::kRed}, ""});
  return table;
}

TEST(Table, AlignsColumns) {
  EXPECT_EQ(sample().text({}),
            "NAME      STATUS   OS\n"
            "web       running  Debian 13\n"
            "database  failed   -\n");
}

TEST(Table, WithoutLegend) {
  EXPECT_EQ(sample().text({.legend = false}),
            "web       running  Debian 13\n"
            "database  failed   -\n");
}

TEST(Table, ColoursChangeNoWidth) {
  const auto text = sample().text({.legend = false, .colours = true});
  EXPECT_EQ(text,
            "web       \033[32mrunning\033[0m  Debian 13\n"
            "database  \033[31mfailed\033[0m   -\n");
}

TEST(Table, CellsAreMadeSafe) {
  Table table({"NAME"});
  table.add({"a\033[2J\nb"});
  EXPECT_EQ(table.text({.legend = false}), "a?[2J?b\n");
}

Dict container() {
  return {{"name", sdbus::Variant(std::string("web"))},
          {"private-network", sdbus::Variant(true)},
          {"owner", sdbus::Variant(std::uint32_t{0})},
          {"created-usec", sdbus::Variant(std::uint64_t{1'700'000'000'000'000})},
          {"layers", sdbus::Variant(Strings{"a", "b"})},
          {"progress", sdbus::Variant(0.5)},
          {"result", sdbus::Variant(Dict{{"by-whom", sdbus::Variant(std::string("x"))}})}};
}

TEST(JsonText, HasStableKeys) {
  EXPECT_EQ(json_text(json_of(container()), Json::kShort),
            R"({"created_usec":1700000000000000,"layers":["a","b"],"name":"web","owner":0,)"
            R"("private_network":true,"progress":0.5,"result":{"by_whom":"x"}})"
            "\n");
}

TEST(JsonText, ListsAreArrays) {
  EXPECT_EQ(json_text(json_of(std::vector<Dict>{}), Json::kPretty), "[]\n");
  EXPECT_EQ(json_text(json_of(std::vector<Dict>{{{"a", sdbus::Variant(false)}}}), Json::kPretty),
            "[\n  {\n    \"a\": false\n  }\n]\n");
}

TEST(Inspection, NameComesFirst) {
  const auto text = block_of({{"aaa", sdbus::Variant(false)},
                              {"name", sdbus::Variant(std::string("web"))},
                              {"size", sdbus::Variant(std::uint64_t{2048})},
                              {"command", sdbus::Variant(Strings{"nspawn", "it's"})}});
  EXPECT_EQ(text,
            "name:     web\n"
            "aaa:      no\n"
            "command:  nspawn 'it'\\''s'\n"
            "size:     2.0 KiB\n");
}

TEST(Values, OfAnotherTypeAreMissing) {
  const auto dict = container();
  EXPECT_EQ(value_of<std::string>(dict, "name"), "web");
  EXPECT_EQ(value_of<std::uint64_t>(dict, "name", 7), 7U);
  EXPECT_EQ(value_of<std::string>(dict, "nothing", "x"), "x");
}

}  // namespace
}  // namespace sdme::client
