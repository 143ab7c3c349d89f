#include "core/check/python_call.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/check_text.h"

namespace plimsoll {
namespace {

TEST(PythonCall, KeywordsAreOptions) {
  EXPECT_EQ(
      ConfigIn(
          "from vllm import LLM, SamplingParams\nMODEL = 'Qwen/Qwen3-8B'\nllm = LLM(MODEL, dtype=\"half\",\n"
          "    max_model_len=16 * 1024,  # short\n    enforce_eager=True, kv_cache_dtype='fp8',\n"
          "    limit_mm_per_prompt={'image': 2}, tensor_parallel_size=2)"),
      "m=qwen3-8b&q=fp16&e=vllm&n=2&tp=2&ctx=16384&kv=fp8&eager=1&lmm=2");
  EXPECT_EQ(ConfigIn("import sglang as sgl\nllm = sgl.Engine(model_path=\"Qwen/Qwen3-8B\", tp_size=2, "
                     "disable_radix_cache=True)"),
            "m=qwen3-8b&e=sglang&n=2&tp=2&pc=0");
}

TEST(PythonCall, SwitchesMayBeOff) {
  EXPECT_EQ(ConfigIn("LLM(model='Qwen/Qwen3-8B', enforce_eager=False, enable_prefix_caching=False)"),
            "m=qwen3-8b&e=vllm&eager=0&pc=0");
}

TEST(PythonCall, ArgumentsEndWhereTheCallDoes) {
  const auto arguments = ReadArguments("f(a=1, b=[2, 3], c='x,)', d=g(4))", 1);
  ASSERT_TRUE(arguments);
  ASSERT_EQ(arguments->size(), 4U);
  EXPECT_EQ((*arguments)[1].value, "[2, 3]");
  EXPECT_EQ((*arguments)[2].value, "x,)");
  EXPECT_FALSE(ReadArguments("f(a=1", 1));
  EXPECT_FALSE(ReadArguments("f('", 1));
  EXPECT_FALSE(ReadArguments("(" + std::string(100000, '('), 0));
}

}  // namespace
}  // namespace plimsoll
