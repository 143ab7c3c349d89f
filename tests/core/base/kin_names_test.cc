#include "core/base/kin_names.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(KinNames, TheSameGenerationIsNearerThanTheSameLetters) {
  const std::vector<std::string_view> cards = {"rx-6600-xt", "rx-6800-xt",  "rx-7900-xt",   "rx-7900-xtx",
                                               "rx-9070-xt", "rtx-3060-ti", "rtx-3060-12gb"};
  EXPECT_EQ(NearestKin("rx-6700-xt", cards), "rx-6800-xt") << "7900 has as many letters in common";
  EXPECT_EQ(NearestKin("rx-6900-xt", cards), "rx-6800-xt");
  EXPECT_EQ(NearestKin("rx-7800-xt", cards), "rx-7900-xt");
  EXPECT_EQ(NearestKin("rx-7900xtx", cards), "rx-7900-xtx");
  EXPECT_EQ(NearestKin("rtx-3060", cards), "rtx-3060-12gb") << "a size is less of a variant than a name";
}

TEST(KinNames, TheVersionOfAFamilyComesBeforeTheSize) {
  const std::vector<std::string_view> models = {
      "qwen3.5-27b",         "qwen3.6-27b",   "qwen3.8-flash-next",
      "qwen3-32b",           "gemma-3-12b",   "gemma-4-12b",
      "llama-3.1-8b",        "llama-3.1-70b", "mistral-small-24b-2501",
      "devstral-small-2-24b"};
  EXPECT_EQ(NearestKin("qwen3.8-27b", models), "qwen3.8-flash-next");
  EXPECT_EQ(NearestKin("qwen3.6-35b", models), "qwen3.6-27b");
  EXPECT_EQ(NearestKin("gemma-3-13b", models), "gemma-3-12b");
  EXPECT_EQ(NearestKin("llama-3.1-7b", models), "llama-3.1-8b");
  EXPECT_EQ(NearestKin("mistral-small-3.1-24b", models), "mistral-small-24b-2501") << "not another family";
}

TEST(KinNames, WithoutAFamilyLettersDecide) {
  const std::vector<std::string_view> names = {"rtx-4090", "h100-sxm", "arc-a750", "arc-a770-16gb"};
  EXPECT_EQ(NearestKin("4090", names), "rtx-4090");
  EXPECT_EQ(NearestKin("rtz-4090", names), "rtx-4090");
  EXPECT_EQ(NearestKin("arc-a770", names), "arc-a770-16gb");
  EXPECT_EQ(NearestKin("", names), "");
  EXPECT_EQ(NearestKin("abacus", names), "");
  EXPECT_EQ(NearestKin(std::string(65, 'a'), names), "");
}

}  // namespace
}  // namespace plimsoll
