// What reading a long log costs. The number to hold: 20 MB in at most 200 ms.
#include <benchmark/benchmark.h>

#include <string>

#include "core/check/startup_log.h"

namespace plimsoll {
namespace {

// A start, then hours of serving: requests, throughput lines, a traceback now and then.
std::string LongLog(size_t bytes) {
  std::string text =
      "INFO 08-04 10:00:00 [core.py:77] Initializing a V1 LLM engine (v0.10.2) with config: "
      "model='Qwen/Qwen3-32B', "
      "max_seq_len=32768, tensor_parallel_size=2\nINFO Model loading took 30.5 GiB and 12.1 seconds\n"
      "INFO Available KV cache memory: 10.11 GiB\nINFO GPU KV cache size: 82,816 tokens\n";
  const std::string lines =
      "\x1b[32mINFO\x1b[0m:     127.0.0.1:51234 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK\n"
      "(APIServer pid=1) INFO 08-04 11:00:00 [loggers.py:123] Engine 000: Avg prompt throughput: 812.3 "
      "tokens/s, Avg "
      "generation throughput: 411.9 tokens/s, Running: 12 reqs, Waiting: 0 reqs, GPU KV cache usage: 31.2%, "
      "Prefix "
      "cache hit rate: 44.0%\n"
      "INFO 08-04 11:00:01 [logger.py:41] Received request chatcmpl-0123456789abcdef: prompt: None, params: "
      "SamplingParams(n=1, temperature=0.7, top_p=0.95, max_tokens=4096), prompt_token_ids: None\n";
  while (text.size() < bytes) text += lines;
  return text;
}

void BM_ReadStartupLog(benchmark::State& state) {
  const std::string text = LongLog(static_cast<size_t>(state.range(0)) << 20);
  for (auto _ : state) benchmark::DoNotOptimize(ReadStartupLog(text).reading.votes);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(text.size()));
}
BENCHMARK(BM_ReadStartupLog)->Arg(1)->Arg(20)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace plimsoll
