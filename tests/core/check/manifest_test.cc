#include "core/check/manifest.h"

#include <gtest/gtest.h>

#include "tests/support/check_text.h"

namespace plimsoll {
namespace {

TEST(Manifest, ComposeFiles) {
  EXPECT_EQ(ConfigIn(R"(services:
  model:
    image: vllm/vllm-openai:v0.10.1
    command: >
      --model Qwen/Qwen2.5-72B-Instruct-AWQ
      --tensor-parallel-size 2
      --max-model-len ${LEN:-16384}
    environment:
      - HF_TOKEN=x
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              device_ids: ["0", "1"]
)"),
            "m=qwen2.5-72b&q=awq-int4&e=vllm&ev=0.10.1&n=2&tp=2&ctx=16384");
  EXPECT_EQ(ConfigIn("services:\n  a:\n    image: postgres\n  b:\n    image: "
                     "ghcr.io/ggml-org/llama.cpp:server-cuda-b7500\n"
                     "    gpus: all\n    environment:\n      LLAMA_ARG_CTX_SIZE: 8192\n"
                     "    command: [\"-m\", \"/m/Qwen3-8B-Q4_K_M.gguf\", \"-np\", \"2\"]\n"),
            "m=qwen3-8b&q=gguf-q4_k_m&e=llama.cpp&ev=b7500&ctx=8192&seqs=2");
}

TEST(Manifest, KubernetesArguments) {
  EXPECT_EQ(ConfigIn(R"(apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
      - name: vllm
        image: vllm/vllm-openai:v0.9.2
        args: ["--model=Qwen/Qwen2.5-72B-Instruct-GPTQ-Int4","--tensor-parallel-size=4","--pipeline-parallel-size=2","--max-model-len 8192"]
        resources: {limits: {nvidia.com/gpu: 8}}
)"),
            "m=qwen2.5-72b&q=gptq-int4&e=vllm&ev=0.9.2&n=8&tp=4&pp=2&ctx=8192");
  EXPECT_EQ(ConfigIn(R"(kind: LeaderWorkerSet
spec:
  leaderWorkerTemplate:
    size: 2
    leaderTemplate:
      spec:
        containers:
        - image: lmsysorg/sglang:v0.5.6
          command: ["/bin/sh", "-c"]
          args:
          - |
            python3 -m sglang.launch_server \
              --model-path deepseek-ai/DeepSeek-R1 \
              --tp 16 --context-length 32768
          resources:
            limits:
              nvidia.com/gpu: "8"
)"),
            "m=deepseek-r1&e=sglang&ev=0.5.6&n=8&nn=2&tp=16&ctx=32768");
}

// Labels as GPU feature discovery, GKE, CoreWeave and AMD's labeller write them.
TEST(Manifest, NodesNameTheirCard) {
  const auto read = [](const std::string& pod) {
    return ConfigIn("kind: Pod\nspec:\n" + pod +
                    "  containers:\n  - image: vllm/vllm-openai:v0.10.1\n    args: [--model, Qwen/Qwen3-8B]\n"
                    "    resources: {limits: {nvidia.com/gpu: 1}}\n");
  };
  const std::string model = "m=qwen3-8b&e=vllm&ev=0.10.1";
  EXPECT_EQ(read("  nodeSelector:\n    nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3\n"),
            model + "&g=h100-sxm&n=1");
  EXPECT_EQ(read("  nodeSelector: {nvidia.com/gpu.product: NVIDIA-A100-SXM4-40GB-SHARED}\n"),
            model + "&g=a100-sxm-40gb&n=1");
  EXPECT_EQ(read("  nodeSelector: {cloud.google.com/gke-accelerator: nvidia-l4}\n"), model + "&g=l4&n=1");
  EXPECT_EQ(read("  nodeSelector: {cloud.google.com/gke-accelerator: nvidia-h100-80gb}\n"),
            model + "&g=h100-sxm&n=1");
  EXPECT_EQ(read("  nodeSelector: {cloud.google.com/gke-accelerator: nvidia-h200-141gb}\n"),
            model + "&g=h200&n=1");
  EXPECT_EQ(read("  nodeSelector: {cloud.google.com/gke-accelerator: nvidia-tesla-t4}\n"),
            model + "&g=t4&n=1");
  EXPECT_EQ(read("  nodeSelector: {gpu.nvidia.com/class: L40S}\n"), model + "&g=l40s&n=1");
  EXPECT_EQ(read("  nodeSelector: {amd.com/gpu.product-name: AMD_Instinct_MI300X_OAM}\n"),
            model + "&g=mi300x&n=1");
  EXPECT_EQ(read("  affinity:\n    nodeAffinity:\n      requiredDuringSchedulingIgnoredDuringExecution:\n"
                 "        nodeSelectorTerms:\n        - matchExpressions:\n"
                 "          - {key: nvidia.com/gpu.product, operator: In, values: [NVIDIA-L40S]}\n"),
            model + "&g=l40s&n=1");
  // Two products are no card.
  EXPECT_EQ(
      read("  affinity:\n    nodeAffinity:\n      requiredDuringSchedulingIgnoredDuringExecution:\n"
           "        nodeSelectorTerms:\n        - matchExpressions:\n"
           "          - {key: nvidia.com/gpu.product, operator: In, values: [NVIDIA-L40S, NVIDIA-L4]}\n"),
      model + "&n=1");
  EXPECT_EQ(read("  nodeSelector: {nvidia.com/gpu.product: NVIDIA-X9}\n"), model + "&n=1");
}

TEST(Manifest, SystemdUnits) {
  EXPECT_EQ(
      ConfigIn(
          "[Unit]\nDescription=x\n[Service]\nEnvironment=\"CUDA_VISIBLE_DEVICES=0,1\" "
          "\"LLAMA_ARG_N_PARALLEL=2\"\n"
          "ExecStart=/usr/bin/llama-server -m /m/Qwen3-32B-Q4_K_M.gguf \\\n  -c 16384\nRestart=always\n"),
      "m=qwen3-32b&q=gguf-q4_k_m&e=llama.cpp&n=2&ctx=16384&seqs=2");
}

TEST(Manifest, FilesOfOptions) {
  EXPECT_EQ(ConfigIn("model: Qwen/Qwen3-235B-A22B-FP8\ndata-parallel-size: 8\nenable-expert-parallel: true\n"
                     "enable-prefix-caching: false\nspeculative-config:\n  method: ngram\n  "
                     "num_speculative_tokens: 3\n"),
            ConfigIn("vllm serve Qwen/Qwen3-235B-A22B-FP8 -dp 8 -ep --no-enable-prefix-caching "
                     "--speculative-config '{\"method\":\"ngram\",\"num_speculative_tokens\":3}'"));
  EXPECT_EQ(ConfigIn("kv_cache_config:\n  enable_block_reuse: false\n  dtype: fp8\nmax_batch_size: "
                     "16\ncuda_graph_config: null\n"),
            "e=tensorrt-llm&seqs=16&kv=fp8&eager=1&pc=0");
}

}  // namespace
}  // namespace plimsoll
