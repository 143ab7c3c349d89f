// Beside measured_speeds_test.cc: how kernels read each format.
#include <gtest/gtest.h>

#include "core/formats/format_ids.h"
#include "core/speed/measured_speeds.h"

namespace plimsoll {
namespace {

TEST(FormatClassOf, EachFormatHasItsKernels) {
  const struct {
    const char* id;
    FormatClass kernels;
  } cases[] = {
      {"fp8", FormatClass::kFp8},        {"fp8-block", FormatClass::kFp8},  {"int8", FormatClass::kInt8},
      {"gptq-int8", FormatClass::kInt8}, {"gptq-int4", FormatClass::kInt4}, {"awq-int4", FormatClass::kInt4},
      {"w4a16", FormatClass::kInt4},     {"nvfp4", FormatClass::kNvfp4},    {"mxfp4", FormatClass::kMxfp4},
      {"bnb-nf4", FormatClass::kBnb},    {"bnb-int8", FormatClass::kInt8}};
  for (const auto& c : cases) EXPECT_EQ(ClassOf(FormatOfId(c.id, "")->schemes.at(0)), c.kernels) << c.id;
  EXPECT_EQ(ClassOf(WeightScheme()), FormatClass::kHalf);
}

}  // namespace
}  // namespace plimsoll
