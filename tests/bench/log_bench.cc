// What reading a long log costs, of each engine. The number to hold: 20 MB in at most 200 ms.
#include <benchmark/benchmark.h>

#include <array>
#include <string>

#include "core/check/startup_log.h"

namespace plimsoll {
namespace {

// A start, then hours of serving: requests, throughput lines, what each engine prints for them.
struct Serving {
  const char* engine;
  const char* start;
  const char* lines;
};
constexpr std::array<Serving, 4> kServings = {{
    {"vllm",
     "INFO 08-04 10:00:00 [core.py:77] Initializing a V1 LLM engine (v0.10.2) with config: "
     "model='Qwen/Qwen3-32B', max_seq_len=32768, tensor_parallel_size=2\n"
     "INFO Model loading took 30.5 GiB and 12.1 seconds\n"
     "INFO Available KV cache memory: 10.11 GiB\nINFO GPU KV cache size: 82,816 tokens\n",
     "\x1b[32mINFO\x1b[0m:     127.0.0.1:51234 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK\n"
     "(APIServer pid=1) INFO 08-04 11:00:00 [loggers.py:123] Engine 000: Avg prompt throughput: 812.3 "
     "tokens/s, Avg generation throughput: 411.9 tokens/s, Running: 12 reqs, Waiting: 0 reqs, GPU KV cache "
     "usage: 31.2%, Prefix cache hit rate: 44.0%\n"
     "INFO 08-04 11:00:01 [logger.py:41] Received request chatcmpl-0123456789abcdef: prompt: None, params: "
     "SamplingParams(n=1, temperature=0.7, top_p=0.95, max_tokens=4096), prompt_token_ids: None\n"},
    {"sglang",
     "[2026-08-04 10:00:00] server_args=ServerArgs(model_path='Qwen/Qwen3-32B', tp_size=2, "
     "mem_fraction_static=0.88)\n"
     "[2026-08-04 10:00:40 TP0] Load weight end. type=Qwen3ForCausalLM, dtype=torch.bfloat16, avail "
     "mem=47.80 GB, mem usage=30.60 GB.\n"
     "[2026-08-04 10:00:42 TP0] KV Cache is allocated. #tokens: 310000, K size: 18.9 GB, V size: 18.9 GB\n",
     "[2026-08-04 11:00:00 TP0] Prefill batch. #new-seq: 1, #new-token: 812, #cached-token: 40, token "
     "usage: 0.12, #running-req: 3, #queue-req: 0,\n"
     "[2026-08-04 11:00:01 TP0] Decode batch. #running-req: 4, #token: 40213, token usage: 0.13, cuda graph: "
     "True, gen throughput (token/s): 161.22, #queue-req: 0,\n"
     "[2026-08-04 11:00:01] INFO:     127.0.0.1:40112 - \"POST /v1/chat/completions HTTP/1.1\" 200 OK\n"},
    {"llama.cpp",
     "build: 6500 (abcdef12) with cc for x86_64-linux-gnu\n"
     "load_tensors:        CUDA0 model buffer size = 18500.00 MiB\n"
     "llama_kv_cache:      CUDA0 KV buffer size =  4096.00 MiB\n"
     "llama_context:      CUDA0 compute buffer size =   300.00 MiB\n",
     "slot launch_slot_: id  0 | task 812 | processing task\n"
     "slot update_slots: id  0 | task 812 | new prompt, n_ctx_slot = 32768, n_keep = 0, n_prompt_tokens = "
     "511\n"
     "prompt eval time =     312.04 ms /   511 tokens (    0.61 ms per token,  1637.61 tokens per second)\n"
     "       eval time =    4012.80 ms /   160 tokens (   25.08 ms per token,    39.87 tokens per second)\n"
     "srv  log_server_r: request: POST /v1/chat/completions 127.0.0.1 200\n"},
    {"ollama",
     "time=2026-08-04T10:00:00.000Z level=INFO source=routes.go:1300 msg=\"Listening on [::]:11434 (version "
     "0.12.3)\"\n"
     "time=2026-08-04T10:00:01.000Z level=INFO source=server.go:400 msg=offload library=CUDA "
     "layers.requested=-1 layers.model=65 layers.offload=65 memory.available=\"[23.1 GiB]\"\n",
     "[GIN] 2026/08/04 - 11:00:00 | 200 |  4.312841207s |       127.0.0.1 | POST     \"/api/chat\"\n"
     "time=2026-08-04T11:00:01.000Z level=DEBUG source=sched.go:400 msg=\"context for request finished\" "
     "runner.name=registry.ollama.ai/library/qwen3:32b runner.num_ctx=32768\n"},
}};

std::string LongLog(const Serving& serving, size_t bytes) {
  std::string text = serving.start;
  const std::string lines = serving.lines;
  text.reserve(bytes + lines.size());
  while (text.size() < bytes) text += lines;
  return text;
}

void BM_ReadStartupLog(benchmark::State& state) {
  const Serving& serving = kServings[static_cast<size_t>(state.range(1))];
  const std::string text = LongLog(serving, static_cast<size_t>(state.range(0)) << 20);
  for (auto _ : state) benchmark::DoNotOptimize(ReadStartupLog(text).reading.votes);
  state.SetLabel(serving.engine);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(text.size()));
}
BENCHMARK(BM_ReadStartupLog)->ArgsProduct({{1, 20}, {0, 1, 2, 3}})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace plimsoll
