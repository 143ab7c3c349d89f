#include "core/check/invocation.h"

#include <gtest/gtest.h>

#include <string>

namespace plimsoll {
namespace {

// "engine version gpus: words"; "-" where no engine is called.
std::string Found(std::string_view text) {
  const ShellScript script = SplitShell(text);
  for (const ShellCommand& command : script.commands) {
    const std::optional<Invocation> found = FindInvocation(command, script.variables);
    if (!found) continue;
    std::string line(found->engine->traits().id);
    line += " " + found->version + " " + (found->gpus ? std::to_string(*found->gpus) : "") + ":";
    for (const ArgumentWord& word : found->words) line += " " + word.text;
    return line;
  }
  return "-";
}

TEST(Invocation, WrappersArePeeled) {
  for (const char* wrapped : {"vllm serve m",
                              "sudo -E vllm serve m",
                              "nohup vllm serve m > log 2>&1 &",
                              "env A=b vllm serve m",
                              "CUDA_VISIBLE_DEVICES=0 uv run vllm serve m",
                              "numactl -N 0 -m 0 vllm serve m",
                              "/opt/venv/bin/vllm serve m",
                              "uv run --with vllm vllm serve m",
                              "taskset -c 0-7 nice -n 5 vllm serve m",
                              "conda run -n x vllm serve m",
                              "tmux new-session -d -s x 'vllm serve m'",
                              "screen -dmS x vllm serve m",
                              "timeout -k 5 1h vllm serve m",
                              "wsl -d Ubuntu vllm serve m",
                              "start \"my server\" /b vllm serve m",
                              "start /b vllm serve m",
                              "cmd /c vllm serve m",
                              "powershell -NoProfile -Command \"vllm serve m\"",
                              "setsid vllm serve m",
                              "apptainer exec --nv -B /a:/a vllm.sif vllm serve m",
                              "exec python3 -m vllm.entrypoints.cli.main serve m"}) {
    EXPECT_EQ(Found(wrapped), "vllm  : m") << wrapped;
  }
}

TEST(Invocation, ContainersTellReleaseAndCards) {
  EXPECT_EQ(Found("docker run --rm -it --gpus 2 -p 8000:8000 vllm/vllm-openai:v0.11.0-x86_64 --model m"),
            "vllm 0.11.0 2: --model m");
  EXPECT_EQ(Found("docker run --gpus '\"device=0,1,3\"' vllm/vllm-openai:latest m"), "vllm  3: m");
  EXPECT_EQ(Found("podman run --device nvidia.com/gpu=0 ghcr.io/ggml-org/llama.cpp:server-cuda-b6501 -m x"),
            "llama.cpp b6501 1: -m x");
  EXPECT_EQ(Found("docker run lmsysorg/sglang:v0.5.6-cu129 python3 -m sglang.launch_server --model-path m"),
            "sglang 0.5.6 : --model-path m");
  EXPECT_EQ(Found("docker run --entrypoint vllm rocm/vllm:x serve m"), "vllm  : m");
  EXPECT_EQ(Found("docker run nvcr.io/nvidia/tensorrt-llm/release:1.2.0rc6 trtllm-serve m --tp_size 2"),
            "tensorrt-llm 1.2.0rc6 : m --tp_size 2");
}

TEST(Invocation, OtherProgramsAreNobodys) {
  for (const char* text : {"ls -la", "docker ps", "docker run ubuntu bash", "python -m http.server", "vllm",
                           "", "sudo", "docker run", "pip install vllm"}) {
    EXPECT_EQ(Found(text), "-") << text;
  }
}

TEST(Invocation, ContainersInContainersEnd) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "docker run ";
  EXPECT_EQ(Found(text), "-");
}

TEST(Invocation, ImagesAreMatchedAtTheirEnd) {
  EXPECT_TRUE(FindImage("my.registry:5000/vllm/vllm-openai:v0.9.1"));
  EXPECT_EQ(FindImage("my.registry:5000/vllm/vllm-openai:v0.9.1")->version, "0.9.1");
  EXPECT_FALSE(FindImage("notvllm/vllm-openai"));
  EXPECT_FALSE(FindImage(""));
}

}  // namespace
}  // namespace plimsoll
