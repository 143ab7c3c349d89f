#include "web/check_examples_table.h"

namespace plimsoll {

const std::array<CheckExample, 5> kCheckExamples = {
    {{"vllm serve",
      "vllm serve Qwen/Qwen3-32B-AWQ \\\n  --max-model-len 131072 \\\n  --gpu-memory-utilization 0.95\n"},
     {"llama-server",
      "llama-server -m Qwen3-30B-A3B-Q4_K_M.gguf -c 32768 -ngl 99 --n-cpu-moe 20 -ctk q8_0 -ctv q8_0\n"},
     {"A start that failed",
      "INFO [core.py:77] Initializing a V1 LLM engine (v0.11.0) with config: model='Qwen/Qwen3-14B', "
      "dtype=bfloat16, "
      "max_seq_len=40960, tensor_parallel_size=1\n"
      "INFO [gpu_model_runner.py:2653] Model loading took 27.52 GiB and 9.1 seconds\n"
      "INFO [gpu_worker.py:298] Available KV cache memory: 1.02 GiB\n"
      "ValueError: To serve at least one request with the models's max seq len (40960), (6.25 GiB KV cache "
      "is needed, "
      "which is larger than the available KV cache memory (1.02 GiB). Based on the available memory, the "
      "estimated "
      "maximum model length is 6656.\n"},
     {"A claim", "Qwen3 32B in Q4_K_M fits in 24 GB with 32k of context"},
     {"nvidia-smi",
      "name, memory.total [MiB], memory.used [MiB]\n"
      "NVIDIA GeForce RTX 3090, 24576 MiB, 1034 MiB\n"
      "NVIDIA GeForce RTX 3090, 24576 MiB, 12 MiB\n"}}};

}  // namespace plimsoll
