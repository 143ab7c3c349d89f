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

TEST(PythonCall, ValuesAreWorkedOutOfWhatStandsAbove) {
  EXPECT_EQ(
      ConfigIn(
          "from vllm import LLM\nSIZE = '8B'\nMODEL = f\"Qwen/Qwen3-{SIZE}\"\nK = 1024\nctx = 32 * K\n"
          "llm = LLM(MODEL, max_model_len=ctx // 2, max_num_seqs=int(2**4), tensor_parallel_size=1 + 1,\n"
          "          gpu_memory_utilization=float('0.85'))"),
      "m=qwen3-8b&e=vllm&n=2&tp=2&ctx=16384&seqs=16&util=0.85");
  EXPECT_EQ(
      ConfigIn("from vllm import LLM\noptions = {\n  'max_model_len': 1 << 13,\n  'enforce_eager': True,\n}\n"
               "llm = LLM(model='Qwen/Qwen3-8B', **options)"),
      "m=qwen3-8b&e=vllm&ctx=8192&eager=1");
  EXPECT_EQ(
      ConfigIn(
          "import os\nfrom vllm import LLM\n"
          "llm = LLM(os.environ.get('MODEL', 'Qwen/Qwen3-8B'), max_model_len=int(os.getenv('LEN', '4096')))"),
      "m=qwen3-8b&e=vllm&ctx=4096");
}

TEST(PythonCall, OptionsOfADictionaryAreOptions) {
  EXPECT_EQ(
      ConfigIn("import ollama\nollama.chat(model='qwen3:8b', messages=[], options={'num_ctx': 4 * 1024})"),
      "m=qwen3-8b&q=gguf-q4_k_m&e=ollama&ctx=4096");
  EXPECT_EQ(ConfigIn("llm = ChatOllama(model='qwen3:8b', num_ctx=8192, temperature=0)"),
            "m=qwen3-8b&q=gguf-q4_k_m&e=ollama&ctx=8192");
}

}  // namespace
}  // namespace plimsoll
