#include "core/engines/unserved.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

Architecture Named(const char* name) {
  Architecture architecture;
  architecture.name = name;
  return architecture;
}

TEST(Unserved, WhatOnlyTransformersRuns) {
  for (const char* name : {"BartForConditionalGeneration", "MBartForConditionalGeneration", "MarianMTModel",
                           "LEDForConditionalGeneration", "LongT5ForConditionalGeneration", "DebertaV2Model",
                           "T5GemmaForConditionalGeneration", "LongformerModel"})
    EXPECT_TRUE(IsUnserved(Named(name))) << name;
  for (const char* name : {"LlamaForCausalLM", "BertModel", "WhisperForConditionalGeneration",
                           "T5EncoderModel", "RobertaModel", ""})
    EXPECT_FALSE(IsUnserved(Named(name))) << name;
  EXPECT_TRUE(IsT5(Named("T5ForConditionalGeneration")));
  EXPECT_TRUE(IsT5(Named("UMT5EncoderModel")));
  EXPECT_FALSE(IsT5(Named("T5GemmaForConditionalGeneration")));
  EXPECT_FALSE(IsT5(Named("LongT5ForConditionalGeneration")));
}

}  // namespace
}  // namespace plimsoll
