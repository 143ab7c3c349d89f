#include "site/blocks.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "core/base/text.h"
#include "core/resolve/memory_parts.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

const Answer& AnswerOf(std::string_view fragment) { return Ask(ShippedCatalog(), fragment); }

// The width of the picture's rectangle in a colour, in per cent; 0 when there is none.
double WidthOf(const std::string& picture, std::string_view color) {
  const std::string start = "<rect fill=\"var(--" + std::string(color) + ")\" x=\"";
  const size_t at = picture.find(start);
  if (at == std::string::npos) return 0;
  const std::string width = "width=\"";
  return std::strtod(picture.c_str() + picture.find(width, at) + width.size(), nullptr);
}

TEST(LoadLineBlock, DrawsWhatOtherProgramsHold) {
  for (const char* engine : {"e=llama.cpp&q=gguf-q4_k_m", "e=vllm&q=awq-int4&util=0.6"}) {
    const std::string fragment = std::string("m=llama-3.1-8b&g=rtx-4090&ctx=8192&") + engine;
    const std::string without = LoadLineBlock(AnswerOf(fragment));
    EXPECT_EQ(WidthOf(without, "others"), 0);
    EXPECT_EQ(without.find("Other programs"), std::string::npos);
    const Answer& answer = AnswerOf(fragment + "&rsv=8000");
    const std::string with = LoadLineBlock(answer);
    EXPECT_NE(with.find("Other programs 7.8<"), std::string::npos) << with;
    EXPECT_NEAR(WidthOf(with, "others"), 100 * 8000.0 / 1024 / answer.report.per_gpu[0].capacity.gib(), 0.01);
  }
}

TEST(LoadLineBlock, NamesEverySegmentThatOccurs) {
  const Answer& answer = AnswerOf("m=qwen3.5-9b&g=rtx-4090&ctx=8192&q=awq-int4&util=0.7&rsv=2000");
  const std::string block = LoadLineBlock(answer);
  for (const MemorySegment& segment : SegmentsOf(answer.report.per_gpu[0])) {
    const std::string text =
        "</svg>" + std::string(segment.part->label) + " " + DecimalText(segment.bytes.gib(), 1) + "</li>";
    EXPECT_EQ(block.find(text) != std::string::npos, segment.bytes > Bytes(0)) << text << block;
  }
}

// A vision projector with its buffers beside the compute buffer: one colour, so a seam between.
TEST(LoadLineBlock, ASeamPartsTwoOfOneColour) {
  const std::string fragment = "m=llama-3.1-8b&g=rtx-4090&ctx=8192&e=llama.cpp&q=gguf-q4_k_m";
  EXPECT_EQ(LoadLineBlock(AnswerOf(fragment)).find("class=\"seam\""), std::string::npos);
  const std::string two =
      LoadLineBlock(AnswerOf("m=gemma-3-12b&g=rtx-4090&ctx=8192&e=llama.cpp&q=gguf-q4_k_m&mm=1"));
  EXPECT_NE(two.find("class=\"seam\""), std::string::npos) << two;
}

}  // namespace
}  // namespace plimsoll
