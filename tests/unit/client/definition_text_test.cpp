// SPDX-License-Identifier: MIT
#include "definition_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "failure.hpp"

namespace sdme::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Strings = std::vector<std::string>;

const Dict kContainer = {{"name", sdbus::Variant(std::string("web"))},
                         {"memory", sdbus::Variant(std::uint64_t{512} << 20U)},
                         {"cpus", sdbus::Variant(1.5)},
                         {"network", sdbus::Variant(std::string("veth"))},
                         {"oci-pod", sdbus::Variant(std::string("shop"))},
                         {"ports", sdbus::Variant(Strings{"8080:80"})},
                         {"capabilities", sdbus::Variant(Strings{"CAP_NET_RAW"})},
                         {"system-call-filter", sdbus::Variant(Strings{"~kcmp", "bpf"})},
                         {"protected", sdbus::Variant(false)}};

class DefinitionText : public testing::Test {
 protected:
  std::string with(const std::string& line, const std::string& instead) const {
    auto text = text_;
    const auto at = text.find(line);
    EXPECT_NE(at, std::string::npos) << line;
    return text.replace(at, line.size(), instead);
  }
  Dict changes(const std::string& line, const std::string& instead) const {
    return definition_changes(text_, with(line, instead));
  }
  std::string refusal(const std::string& line, const std::string& instead) const {
    try {
      changes(line, instead);
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.exit_status, exit_code::kUsage);
      return failure.message;
    }
    return "";
  }

  std::string text_ = definition_text(kContainer);
};

TEST_F(DefinitionText, ShowsWhatIsAndWhenItCounts) {
  EXPECT_THAT(text_, HasSubstr("\nmemory = \"512M\"\n"));
  EXPECT_THAT(text_, HasSubstr("\nswap = \"none\"\n"));
  EXPECT_THAT(text_, HasSubstr("\nports = [\"8080:80\"]\n"));
  EXPECT_LT(text_.find("counts at once"), text_.find("memory ="));
  EXPECT_LT(text_.find("counts at the next start"), text_.find("network ="));
}

TEST_F(DefinitionText, TellsWhatWasChangedAlone) {
  EXPECT_THAT(definition_changes(text_, text_), IsEmpty());
  EXPECT_THAT(definition_changes(text_, ""), IsEmpty());
  EXPECT_EQ(changes("\noci-pod = \"shop\"", "\noci-pod = \"\"").at("oci-pod").get<std::string>(), "");
  EXPECT_THAT(changes("\nmemory = ", "\n  memory   =   "), IsEmpty());
  const auto more = changes("memory = \"512M\"", "memory = \"1.5G\"");
  EXPECT_EQ(more.size(), 1U);
  EXPECT_EQ(value_of<std::uint64_t>(more, "memory"), std::uint64_t{1536} << 20U);
  EXPECT_EQ(value_of<std::uint64_t>(changes("\"512M\"", "\"none\""), "memory"), UINT64_MAX);
  EXPECT_EQ(value_of<double>(changes("cpus = 1.5", "cpus = \"none\""), "cpus", 9), 0);
  EXPECT_TRUE(value_of<bool>(changes("protected = false", "protected = true"), "protected"));
  EXPECT_THAT(value_of<Strings>(changes("[\"8080:80\"]", "[\n  \"80\",\n  \"443\"\n]"), "ports"),
              ElementsAre("80", "443"));
  const auto calls = changes("[\"~kcmp\",\"bpf\"]", "[\"kcmp\", \"bpf\"]");
  EXPECT_THAT(value_of<Strings>(calls, "system-call-filter"), ElementsAre("kcmp", "bpf"));
}

TEST_F(DefinitionText, SaysWhichLineIsWrong) {
  EXPECT_THAT(refusal("memory = \"512M\"", "memory = 512M"), HasSubstr("quotes"));
  EXPECT_THAT(refusal("memory = \"512M\"", "memory = \"lots\""), HasSubstr("memory"));
  EXPECT_THAT(refusal("memory = \"512M\"", "memories = 1"), HasSubstr("there is no 'memories'"));
  EXPECT_THAT(refusal("memory = \"512M\"", "cpus = 2"), HasSubstr("twice"));
  EXPECT_THAT(refusal("protected = false", "protected = 1"), HasSubstr("true or false"));
  EXPECT_THAT(refusal("protected = false", "protected"), HasSubstr("KEY = VALUE"));
  EXPECT_THAT(refusal("[\"8080:80\"]", "[8080]"), HasSubstr("list of words"));
  EXPECT_THAT(refusal("# \"none\"", "x\n# \"none\""), HasSubstr("line 2"));
  EXPECT_THAT(refusal("[\"CAP_NET_RAW\"]", "[]"), HasSubstr("CAP_NET_RAW"));
  EXPECT_THAT(refusal("[\"~kcmp\",\"bpf\"]", "[\"bpf\"]"), HasSubstr("say \"kcmp\" instead"));
  EXPECT_THAT(refusal("[\"~kcmp\",\"bpf\"]", "[\"~kcmp\"]"), HasSubstr("say \"~bpf\" instead"));
}

}  // namespace
}  // namespace sdme::client
