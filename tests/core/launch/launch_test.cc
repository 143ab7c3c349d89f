#include "core/launch/launch.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "core/config/config_keys.h"
#include "core/config/config_url.h"
#include "core/config/config_value.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "core/resolve/resolved_config.h"
#include "tests/support/check_text.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

LaunchText Launched(std::string_view url, std::string_view form = "") {
  const Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  EXPECT_TRUE(decoded.ok()) << url;
  Result<LaunchText> launch = Launch(decoded->config, ShippedCatalog(), form);
  EXPECT_TRUE(launch.ok()) << url << (launch.ok() ? "" : launch.error().Message());
  return launch.ok() ? std::move(*launch) : LaunchText();
}

TEST(Launch, OnlyWhatDiffersFromTheReleaseIsWritten) {
  EXPECT_EQ(Launched("m=qwen3-32b&q=awq-int4&g=rtx-4090&n=2&tp=2&seqs=256&ctx=16384").text,
            "# plimsoll: g=rtx-4090\nvllm serve Qwen/Qwen3-32B-AWQ \\\n  --tensor-parallel-size 2 \\\n  "
            "--max-model-len 16384\n");
}

TEST(Launch, OldReleasesGetTheirOwnSpelling) {
  const std::string old = Launched(
                              "m=qwen2.5-72b&q=awq-int4&ev=0.7.3&n=4&spec=~"
                              "eyJtZXRob2QiOiJkcmFmdCIsIm1vZGVsIjoicXdlbjIuNS0wLjViIiwibnVtX3Rva2VucyI6NX0")
                              .text;
  EXPECT_NE(old.find("--speculative-model Qwen/Qwen2.5-0.5B-Instruct"), std::string::npos) << old;
  EXPECT_NE(Launched("m=qwen3-8b&q=gguf-q4_k_m&e=llama.cpp&ev=b4589&fa=1").text.find("--flash-attn\n"),
            std::string::npos);
}

TEST(Launch, KernelsAsTheReleaseTakesThem) {
  const auto has = [](const char* link, const char* text) {
    return Launched(link).text.find(text) != std::string::npos;
  };
  EXPECT_TRUE(has("m=qwen3-8b&ev=0.24.0&abe=FLASHINFER&mbe=marlin", "--attention-backend FLASHINFER"));
  EXPECT_TRUE(has("m=qwen3-8b&ev=0.11.0&abe=flashinfer", "VLLM_ATTENTION_BACKEND=FLASHINFER"));
  EXPECT_TRUE(has("m=qwen3-8b&e=sglang&abe=fa3", "--attention-backend fa3"));
}

TEST(Launch, EveryFormIsOffered) {
  for (const std::string_view form : {"vllm-serve", "python", "docker", "compose", "k8s"}) {
    const LaunchText launch = Launched("m=qwen3-8b&n=2&ctx=8192", form);
    EXPECT_NE(launch.text.find("8192"), std::string::npos) << form;
  }
  EXPECT_EQ(Launched("m=qwen3-8b", "sglang").text,
            "python3 -m sglang.launch_server \\\n  --model-path Qwen/Qwen3-8B\n");
  Config config;
  config.model = "qwen3-8b";
  const Result<LaunchText> refused = Launch(config, ShippedCatalog(), "carrier-pigeon");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().field, "as");
}

TEST(Launch, NodesFindEachOther) {
  const LaunchText launch = Launched("m=deepseek-r1&g=h100-sxm&n=8&nn=2&tp=16");
  ASSERT_EQ(launch.nodes.size(), 1U);
  EXPECT_NE(launch.nodes[0].find("--node-rank 1"), std::string::npos);
}

// The other machines lend llama.cpp their cards and run a program of their own.
TEST(Launch, RpcServersRunTheirOwnProgram) {
  const LaunchText launch = Launched("m=llama-3.1-70b&q=gguf-q4_k_m&e=llama.cpp&g=rtx-3090&n=1&nn=3");
  EXPECT_NE(launch.text.find("--rpc node2:50052,node3:50052"), std::string::npos);
  ASSERT_EQ(launch.nodes.size(), 2U);
  EXPECT_NE(launch.nodes[0].find("rpc-server --host 0.0.0.0 --port 50052"), std::string::npos);
  EXPECT_EQ(launch.nodes[0].find("llama-server"), std::string::npos);
}

TEST(Launch, NodesInContainersFindEachOther) {
  const std::string url = "m=deepseek-r1&g=h100-sxm&n=8&nn=2&tp=16";
  const LaunchText docker = Launched(url, "docker");
  EXPECT_NE(docker.text.find("--network host"), std::string::npos) << docker.text;
  EXPECT_EQ(docker.text.find(" -p "), std::string::npos) << docker.text;
  EXPECT_NE(Launched(url, "compose").text.find("network_mode: host"), std::string::npos);
  const LaunchText pods = Launched(url, "k8s");
  ASSERT_EQ(pods.nodes.size(), 1U);
  EXPECT_NE(pods.text.find("kind: Service"), std::string::npos) << "the first node has a name";
  EXPECT_NE(pods.nodes[0].find("name: model-1"), std::string::npos) << pods.nodes[0];
  EXPECT_NE(pods.nodes[0].find("\"model-0\""), std::string::npos) << "and the other one asks for it";
  EXPECT_EQ(pods.text.find("HEAD_IP"), std::string::npos) << "no variable of a shell";
}

TEST(Launch, CardsOfAmdHaveTheirOwnImagesAndDevices) {
  const std::string url = "m=qwen3-8b&g=mi300x&n=2";
  const std::string docker = Launched(url, "docker").text;
  EXPECT_NE(docker.find("vllm/vllm-openai-rocm:v"), std::string::npos) << docker;
  EXPECT_NE(docker.find("--device /dev/kfd --device /dev/dri"), std::string::npos) << docker;
  EXPECT_EQ(docker.find("--gpus"), std::string::npos) << docker;
  EXPECT_NE(Launched(url, "compose").text.find("- /dev/kfd"), std::string::npos);
  EXPECT_NE(Launched(url, "k8s").text.find("amd.com/gpu: 2"), std::string::npos);
  EXPECT_NE(
      Launched("m=qwen3-8b&g=rx-7900-xtx&e=llama.cpp&q=gguf-q8_0", "docker").text.find(":server-rocm-b"),
      std::string::npos);
  EXPECT_NE(Launched("m=qwen3-8b&g=rx-7900-xtx&e=ollama&q=gguf-q8_0", "docker").text.find("-rocm\n"),
            std::string::npos);
}

TEST(Launch, AFileOfOnesOwnIsMounted) {
  for (const char* form : {"docker", "compose", "k8s"}) {
    const LaunchText launch = Launched("m=qwen3-8b&g=rtx-4090&e=llama.cpp&q=gguf-q4_k_m", form);
    EXPECT_NE(launch.text.find("/models/Qwen3-8B-Q4_K_M.gguf"), std::string::npos) << launch.text;
    EXPECT_NE(launch.text.find(std::string(form) == "k8s" ? "mountPath: /models" : "./models:/models"),
              std::string::npos)
        << launch.text;
  }
  EXPECT_EQ(Launched("m=qwen3-8b&g=rtx-4090", "docker").text.find("/models"), std::string::npos);
}

// trtllm-serve quantises nothing that it loads.
TEST(Launch, WhatAnEngineDoesNotMakeIsAFolderOfOnesOwn) {
  const LaunchText launch = Launched("m=llama-3.1-8b&q=fp8&e=tensorrt-llm&g=h100-sxm");
  EXPECT_NE(launch.text.find("./Llama-3.1-8B-Instruct-fp8"), std::string::npos) << launch.text;
  EXPECT_NE(Launched("m=llama-3.1-8b&q=fp8&g=h100-sxm").text.find("--quantization fp8"), std::string::npos);
}

// ---- Check(Launch(config)) = config -----------------------------------------------------------------------

// What no option of any engine says: a comment does.
const std::set<std::string>& OutsideOptions() {
  static const std::set<std::string> keys = {"gpu",
                                             "gpu_memory_mib",
                                             "reserved_mib",
                                             "prompt_tokens",
                                             "output_tokens",
                                             "concurrency",
                                             "workload",
                                             "ram_gib",
                                             "ram_gb_per_s",
                                             "engine_version",
                                             "gpus",
                                             "nodes",
                                             "format",
                                             "model",
                                             "backend",
                                             "sched_max_copies",
                                             "cal",
                                             "iogpu_wired_limit_mb",
                                             "node_link_gbit_per_s"};
  return keys;
}

class Draw {
 public:
  explicit Draw(unsigned seed) : random_(seed) {}
  bool Coin(int of = 2) { return Below(of) == 0; }
  int Below(int most) { return static_cast<int>(random_() % static_cast<unsigned>(most)); }
  template <typename T>
  T Of(std::initializer_list<T> list) {
    return *(list.begin() + Below(static_cast<int>(list.size())));
  }

 private:
  std::mt19937 random_;
};

// A value within a key's bounds; null: the key has none that can be drawn.
Json ValueOf(const ConfigKey& key, const EngineTraits& engine, Draw* draw) {
  switch (key.type) {
    case KeyType::kSwitch:
      return Json(draw->Coin());
    case KeyType::kInteger: {
      const double most = std::min(key.most, 4096.0);
      return Json(static_cast<int64_t>(key.least + draw->Below(static_cast<int>(most - key.least + 1))));
    }
    case KeyType::kNumber:
      return Json(key.json == "gpu_memory_utilization" ? 0.25 + draw->Below(70) / 100.0
                                                       : 1.0 + draw->Below(8));
    case KeyType::kKvTypes:
      return Json(KvTypeName(engine.keys == KeyOwner::kGgml
                                 ? draw->Of({KvType::kFp16, KvType::kQ8_0, KvType::kQ4_0, KvType::kBf16})
                                 : draw->Of({KvType::kFp8, KvType::kFp8E5m2, KvType::kAuto})));
    case KeyType::kSplitMode:
      return Json(draw->Of<const char*>({"layer", "row", "none"}));
    case KeyType::kLora: {
      Json lora = Json::MakeObject();
      lora.Set("max_loras", 1 + draw->Below(8));
      lora.Set("max_rank", draw->Of({8, 16, 32, 64}));
      return lora;
    }
    case KeyType::kSpeculative: {
      Json draft = Json::MakeObject();
      const std::string method = draw->Of<const char*>({"draft", "eagle", "eagle3", "ngram"});
      draft.Set("method", method);
      if (method == "draft") draft.Set("model", draw->Of<const char*>({"qwen3-0.6b", "qwen2.5-0.5b"}));
      draft.Set("num_tokens", 1 + draw->Below(8));
      return draft;
    }
    case KeyType::kWorkload: {
      Json workload = Json::MakeObject();
      workload.Set("arrival", draw->Of<const char*>({"poisson", "burst"}));
      if (draw->Coin()) workload.Set("arrival_rate", 1 + draw->Below(8));
      return workload;
    }
    default:
      break;
  }
  if (key.json == "rope_scaling")
    return Json(draw->Of<const char*>({"yarn:4:32768", "linear:2", "yarn:2.5:8192"}));
  if (key.json == "dtype") return Json(draw->Of<const char*>({"float16", "bfloat16"}));
  if (key.json == "mamba_cache_mode") return Json(draw->Of<const char*>({"none", "align"}));
  if (key.json == "kv_cache_dtype_draft") return Json(draw->Of<const char*>({"fp16", "q8_0"}));
  if (key.json == "override_tensor") return Json("exps=CPU");
  if (key.json == "backend") return Json(draw->Of<const char*>({"cuda", "vulkan"}));
  if (key.json == "gpu") return Json(draw->Of<const char*>({"rtx-4090", "h100-sxm", "l40s"}));
  return {};
}

Config RandomConfig(const Engine& engine, Draw* draw) {
  Config config;
  config.engine = std::string(engine.traits().id);
  config.model = draw->Of<const char*>(
      {"qwen3-8b", "qwen3-30b-a3b", "llama-3.1-70b", "gemma-3-27b", "gpt-oss-20b", "qwen2.5-72b"});
  config.format = engine.traits().reads_gguf
                      ? Json(draw->Of<const char*>({"gguf-q4_k_m", "gguf-q8_0", "gguf-iq4_xs"}))
                  : draw->Coin() ? Json()
                                 : Json(draw->Of<const char*>({"awq-int4", "fp8", "gptq-int4", "w4a16"}));
  for (const ConfigKey& key : ConfigKeys()) {
    if (!Takes(engine.traits(), key) || !draw->Coin(4)) continue;
    const std::string name(key.json);
    if (name == "model" || name == "format" || name == "engine" || name == "nodes" || name == "tp" ||
        name == "pp" || name == "dp" || name == "gpus" || name == "main_gpu")
      continue;
    const Json value = ValueOf(key, engine.traits(), draw);
    if (!value.is_null()) (void)SetConfigValue(key, value, &config);
  }
  if (draw->Coin()) config.gpus = draw->Of({1, 2, 4, 8});
  if (draw->Coin(3) && engine.traits().layout == CardLayout::kDegrees) {
    config.tp = draw->Of({1, 2, 4});
    config.pp = draw->Of({1, 2});
    if (draw->Coin(3)) config.dp = draw->Of({1, 2, 4});
    const int64_t cards = *config.tp * *config.pp * config.dp.value_or(1);
    if (draw->Coin(3)) config.nodes = draw->Of({1, 2});
    config.gpus = std::max<int64_t>(1, cards / config.nodes.value_or(1));
  }
  if (engine.traits().keys == KeyOwner::kGgml && draw->Coin(4)) config.main_gpu = draw->Below(4);
  return config;
}

std::string ResolvedText(const Config& config) {
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  return resolved.ok() ? ResolvedConfigJson(*resolved).Dump() : resolved.error().Message();
}

TEST(Launch, WhatIsLaunchedIsReadBackTheSameForEveryEngineKeyAndForm) {
  Draw draw(20260801);
  for (const Engine* engine : Engines()) {
    const std::vector<std::string_view> forms = LaunchForms(*engine);
    if (forms.empty()) continue;
    for (int i = 0; i < 60; ++i) {
      const Config config = RandomConfig(*engine, &draw);
      if (!Settle(config, ShippedCatalog()).ok()) continue;
      const std::string_view form = forms[static_cast<size_t>(i) % forms.size()];
      const Result<LaunchText> launch = Launch(config, ShippedCatalog(), form);
      ASSERT_TRUE(launch.ok()) << EncodeConfigUrl(config);
      const CheckResult read = Checked(launch->text);
      EXPECT_EQ(ResolvedText(read.config), ResolvedText(config)) << EncodeConfigUrl(config) << "\n"
                                                                 << launch->text;
      EXPECT_TRUE(read.not_understood.empty()) << launch->text;
    }
  }
}

// Values that no option has: what is on or off anyway, more layers than there are, an adapter's rank that its
// file tells, the type of weights that are their own type.
bool HasNoOption(const Engine& engine, const Config& config, std::string_view key) {
  if (OutsideOptions().count(std::string(key)) > 0) return true;
  // LM Studio and KoboldCpp are launched as llama-server; Ollama's server takes these from its environment; SGLang
  // sizes its pool by a share, its batches by chunks and its cache in RAM in whole GB, which no GiB drawn here are.
  static const std::map<std::string_view, std::set<std::string_view>> by_engine = {
      {"lm-studio", {"engine"}},
      {"koboldcpp", {"engine"}},
      {"ollama",
       {"cache_ram_mib", "fit", "fit_target_mib", "flash_attention", "kv_cache_dtype", "kv_cache_dtype_draft",
        "kv_offload", "kv_unified", "max_num_seqs", "multimodal", "n_cpu_moe", "override_tensor",
        "rope_scaling", "split_mode", "swa_full"}},
      {"sglang",
       {"enable_chunked_prefill", "expert_parallel", "kv_cache_dtype", "kv_cache_memory_bytes",
        "kv_offloading_gib", "max_num_batched_tokens", "max_num_seqs"}}};
  const auto outside = by_engine.find(engine.traits().id);
  if (outside != by_engine.end() && outside->second.count(key) > 0) return true;
  // llama.cpp has no heads of EAGLE's first kind; a Modelfile names a draft model and nothing else.
  if (key == "speculative" && engine.traits().keys == KeyOwner::kGgml && config.speculative) {
    const SpeculativeMethod method = config.speculative->method;
    return engine.traits().id == "ollama" ? method != SpeculativeMethod::kDraft
                                          : method == SpeculativeMethod::kEagle;
  }
  if (key == "swa_full") return config.swa_full == false;
  if (key == "multimodal") return config.multimodal == true;
  if (key == "n_gpu_layers") return config.n_gpu_layers.value_or(0) > 24;
  if (key == "lora") return engine.traits().keys == KeyOwner::kGgml;
  if (key == "dtype") return config.format.is_null();
  return false;
}

// The comment is for what has no option: everything else must come back by the options alone.
TEST(Launch, OptionsSayWhatTheyCan) {
  Draw draw(7);
  for (const Engine* engine : Engines()) {
    if (LaunchForms(*engine).empty() || !engine->traits().budget_modelled) continue;
    for (int i = 0; i < 60; ++i) {
      const Config config = RandomConfig(*engine, &draw);
      const Result<LaunchText> launch = Launch(config, ShippedCatalog(), "");
      if (!launch.ok()) continue;
      for (const ConfigKey& key : ConfigKeys()) {
        if (!IsConfigValueGiven(launch->said, key)) continue;
        EXPECT_TRUE(HasNoOption(*engine, config, key.json)) << engine->traits().id << " " << key.json << "\n"
                                                            << launch->text;
      }
    }
  }
}

}  // namespace
}  // namespace plimsoll
