#include "core/config/config_url.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/base64.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"

namespace plimsoll {
namespace {

Config FromUrl(std::string_view url) {
  Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  EXPECT_TRUE(decoded.ok()) << url << ": " << (decoded.ok() ? "" : decoded.error().Message());
  return decoded.ok() ? decoded->config : Config();
}

std::string UrlError(std::string_view url) {
  Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  return decoded.ok() ? "(accepted)" : decoded.error().Message();
}

// Links that stand in posts and bookmarks. They must decode to the same configuration forever: add lines,
// never change one.
struct GoldenUrl {
  const char* url;
  const char* json;
};
constexpr GoldenUrl kGoldenUrls[] =
    {
        {"m=llama-3.1-70b&q=gguf-q4_k_m&e=llama.cpp&g=m4-max&wired=57344",
         R"({"model":"llama-3.1-70b","format":"gguf-q4_k_m","engine":"llama.cpp","gpu":"m4-max","iogpu_wired_limit_mb":57344})"},
        {"m=deepseek-r1&e=sglang&g=h200&n=8&tp=8&dp=8&mfs=0.85&cps=-1&mrr=512&mtt=400000&dpa=1&mms="
         "360&mfr=0.5&swr="
         "0.4",
         R"({"model":"deepseek-r1","engine":"sglang","gpu":"h200","gpus":8,"tp":8,"dp":8,"mem_fraction_static":0.85,"chunked_prefill_size":-1,"max_running_requests":512,"max_total_tokens":400000,"enable_dp_attention":true,"max_mamba_cache_size":360,"mamba_full_memory_ratio":0.5,"swa_full_tokens_ratio":0.4})"},
        {"m=qwen3-8b&e=vllm&g=h100-sxm&koff=20&kob=lmcache",
         R"({"model":"qwen3-8b","engine":"vllm","gpu":"h100-sxm","kv_offloading_gib":20,"kv_offloading_backend":"lmcache"})"},
        {"m=qwen3-8b&e=llama.cpp&g=rtx-4090&cram=-1",
         R"({"model":"qwen3-8b","engine":"llama.cpp","gpu":"rtx-4090","cache_ram_mib":-1})"},
        {"m=qwen3-8b&e=sglang&g=h100-sxm&hcr=1.5",
         R"({"model":"qwen3-8b","engine":"sglang","gpu":"h100-sxm","hicache_ratio":1.5})"},
        {"m=llama-3.1-8b&g=rtx-4090&cal=~"
         "eyJvdXRzaWRlX2dpYiI6MC40MSwiYWN0aXZhdGlvbiI6MS4xMiwiZGVjb2RlIjowLjkzLCJwcmVmaWxsIjowLjl9",
         R"({"model":"llama-3.1-8b","gpu":"rtx-4090","cal":{"outside_gib":0.41,"activation":1.12,"decode":0.93,"prefill":0.9}})"},
        {"m=llama-3.1-70b&q=gguf-q4_k_m&e=llama.cpp&g=rtx-3090&nn=2&nlg=2.5",
         R"({"model":"llama-3.1-70b","format":"gguf-q4_k_m","engine":"llama.cpp","gpu":"rtx-3090","nodes":2,"node_link_gbit_per_s":2.5})"},
        {"m=llama-3.1-70b&q=fp8&e=tensorrt-llm&g=h200&fgf=0.85",
         R"({"model":"llama-3.1-70b","format":"fp8","engine":"tensorrt-llm","gpu":"h200","free_gpu_memory_fraction":0.85})"},
        {"m=gpt-oss-120b&e=vllm&g=h100-80&abe=TRITON_ATTN&mbe=marlin",
         R"({"model":"gpt-oss-120b","engine":"vllm","gpu":"h100-80","attention_backend":"TRITON_ATTN","moe_backend":"marlin"})"},
        {"m=qwen3-32b&e=vllm&g=h100-80&n=2&ctx=131072&rope=yarn:4:32768&alc=1",
         R"({"model":"qwen3-32b","engine":"vllm","gpu":"h100-80","gpus":2,"max_model_len":131072,"rope_scaling":"yarn:4:32768","allow_longer_context":true})"},
        {"m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=16384",
         R"({"model":"llama-3.1-70b","format":"awq-int4","gpu":"rtx-4090","max_model_len":16384})"},
        {"m=qwen3-235b-a22b&q=awq-int4&ev=0.6.3&g=rtx-4090&ctx=4096&util=0.95",
         R"({"model":"qwen3-235b-a22b","format":"awq-int4","engine_version":"0.6.3","gpu":"rtx-4090","max_model_len":4096,"gpu_memory_utilization":0.95})"},
        {"m=qwen3.5-35b-a3b&q=gptq-int4&g=t4&n=4&tp=4&ctx=16384&util=0.85&spec=~"
         "eyJtZXRob2QiOiJkcmFmdCIsIm1vZGVsIjoicXdlbjIuNS03YiIsImZvcm1hdCI6ImdwdHEtaW50NCIsIm51bV90b2t"
         "lbnMiOjV9",
         R"({"model":"qwen3.5-35b-a3b","format":"gptq-int4","gpu":"t4","gpus":4,"tp":4,"max_model_len":16384,"gpu_memory_utilization":0.85,"speculative":{"method":"draft","model":"qwen2.5-7b","format":"gptq-int4","num_tokens":5}})"},
        {"m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=16384&seqs=4&kv=fp8&util=0.95&pc=1",
         R"({"model":"llama-3.1-70b","format":"awq-int4","gpu":"rtx-4090","max_model_len":16384,"max_num_seqs":4,"kv_cache_dtype":"fp8","gpu_memory_utilization":0.95,"enable_prefix_caching":true})"},
        {"m=command-r-35b&q=gguf-q4_k_s&e=llama.cpp&ev=b2554&g=rtx-4070-ti,rtx-3090-ti&gm=11954,"
         "24110.5&ctx=4096&"
         "ub=512&fa=0&ngl=30&ncmoe=2&sm=row&kvu=0",
         R"({"model":"command-r-35b","format":"gguf-q4_k_s","engine":"llama.cpp","engine_version":"b2554","gpu":["rtx-4070-ti","rtx-3090-ti"],"gpu_memory_mib":[11954,24110.5],"max_model_len":4096,"n_ubatch":512,"flash_attention":false,"n_gpu_layers":30,"n_cpu_moe":2,"split_mode":"row","kv_unified":false})"},
        {"m=deepseek-r1&e=vllm&g=h200&n=8&nn=2&tp=8&pp=2&dp=1&ep=1&seqs=256&mbt=8192&kvb=6990059274&"
         "eager=1&bs="
         "64&cp=1&off=4.5&lora=~eyJtYXhfbG9yYXMiOjIsIm1heF9yYW5rIjozMn0&mm=0&in=2000&out=500&c=32",
         R"({"model":"deepseek-r1","engine":"vllm","gpu":"h200","gpus":8,"nodes":2,"tp":8,"pp":2,"dp":1,"expert_parallel":true,"max_num_seqs":256,"max_num_batched_tokens":8192,"kv_cache_memory_bytes":6990059274,"enforce_eager":true,"block_size":64,"enable_chunked_prefill":true,"cpu_offload_gb":4.5,"lora":{"max_loras":2,"max_rank":32},"multimodal":false,"prompt_tokens":2000,"output_tokens":500,"concurrency":32})"},
        {"m=~eyJhcmNoaXRlY3R1cmVzIjpbIkxsYW1hRm9yQ2F1c2FsTE0iXSwiaGlkZGVuX3NpemUiOjQwOTZ9&q=~"
         "eyJpZCI6ImdwdHEtaW50NCIsInVucXVhbnRpemVkIjpbImxtX2hlYWQiXX0&kv=~"
         "eyJrIjoicThfMCIsInYiOiJxNF8wIn0",
         R"({"model":{"architectures":["LlamaForCausalLM"],"hidden_size":4096},"format":{"id":"gptq-int4","unquantized":["lm_head"]},"kv_cache_dtype":{"k":"q8_0","v":"q4_0"}})"},
        {"m=qwen3-30b-a3b&q=gguf-q4_k_m&e=llama.cpp&g=rtx-4090,rtx-3090&ctx=8192&w=~"
         "eyJhcnJpdmFsIjoicG9pc3NvbiIsImFycml2YWxfcmF0ZSI6MiwidHVybnMiOjN9&rsv=1500,0&ot=exps%3DCPU&"
         "ts=3,1",
         R"({"model":"qwen3-30b-a3b","format":"gguf-q4_k_m","engine":"llama.cpp","gpu":["rtx-4090","rtx-3090"],"max_model_len":8192,"workload":{"arrival":"poisson","arrival_rate":2,"turns":3},"reserved_mib":[1500,0],"override_tensor":"exps=CPU","tensor_split":[3,1]})"},
        {"m=qwen3-30b-a3b&e=llama.cpp&rsv=800.5&ot=~ImJsa1xcLjEuXFwuZmZuPUNQVSxleHBzPUNVREExIg&ts=1",
         R"({"model":"qwen3-30b-a3b","engine":"llama.cpp","reserved_mib":800.5,"override_tensor":"blk\\.1.\\.ffn=CPU,exps=CUDA1","tensor_split":1})"},
        {"m=qwen3-next-80b-a3b&e=vllm&g=h200&cgs=256&lmm=2&dt=bfloat16&mcm=align&mcd=float32&msd="
         "float16&koff=32."
         "5",
         R"({"model":"qwen3-next-80b-a3b","engine":"vllm","gpu":"h200","max_cudagraph_capture_size":256,"limit_mm_per_prompt":2,"dtype":"bfloat16","mamba_cache_mode":"align","mamba_cache_dtype":"float32","mamba_ssm_cache_dtype":"float16","kv_offloading_gib":32.5})"},
        {"m=qwen3-30b-a3b&e=llama.cpp&g=rx-7900-xtx&ram=64&rbw=89.6&be=vulkan&mmap=0&kvo=1&swaf=0&"
         "fit=1&fitt=512&"
         "mg=0&"
         "cram=4096&smc=1&kvd=q8_0",
         R"({"model":"qwen3-30b-a3b","engine":"llama.cpp","gpu":"rx-7900-xtx","ram_gib":64,"ram_gb_per_s":89.6,"backend":"vulkan","mmap":false,"kv_offload":true,"swa_full":false,"fit":true,"fit_target_mib":512,"main_gpu":0,"cache_ram_mib":4096,"sched_max_copies":1,"kv_cache_dtype_draft":"q8_0"})"},
};

TEST(ConfigUrl, GoldenUrlsDecodeForever) {
  for (const GoldenUrl& golden : kGoldenUrls) {
    EXPECT_EQ(EncodeConfigJson(FromUrl(golden.url)).Dump(), golden.json) << golden.url;
    EXPECT_EQ(EncodeConfigUrl(FromUrl(golden.url)), golden.url);
  }
}

TEST(ConfigUrl, EveryKeyStandsInAGoldenLink) {
  for (const ConfigKey& key : ConfigKeys()) {
    bool found = false;
    for (const GoldenUrl& golden : kGoldenUrls) {
      found = found || IsConfigValueGiven(FromUrl(golden.url), key);
    }
    EXPECT_TRUE(found) << key.json << ": add a link that holds it to kGoldenUrls";
  }
}

TEST(ConfigUrl, LinksAreReadInEveryForm) {
  const Config plain = FromUrl("m=llama-3.1-70b&g=rtx-4090");
  EXPECT_EQ(FromUrl("#m=llama-3.1-70b&g=rtx-4090"), plain);
  EXPECT_EQ(FromUrl("https://example.org/app/?theme=dark#v=1&m=llama-3.1-70b&g=rtx-4090"), plain);
  EXPECT_EQ(FromUrl("g=rtx-4090&m=llama-3.1-70b&"), plain);
  EXPECT_EQ(FromUrl("m=llama%2D3.1-70b&g=rtx-4090"), plain);
  EXPECT_EQ(FromUrl("https://example.org/app/"), Config());
  EXPECT_EQ(FromUrl(""), Config());
  EXPECT_EQ(FromUrl("eager=true"), FromUrl("eager=1"));
  EXPECT_EQ(FromUrl("kv=%7EeyJrIjoicThfMCIsInYiOiJxNF8wIn0%3D"),
            FromUrl("kv=~eyJrIjoicThfMCIsInYiOiJxNF8wIn0"));
}

TEST(ConfigUrl, UnknownKeysAreKeptAndReported) {
  Result<DecodedConfig> decoded = DecodeConfigUrl("m=llama-3.1-70b&future=a%20b&ctxx=5&v=1");
  ASSERT_TRUE(decoded.ok());
  ASSERT_EQ(decoded->diagnostics.size(), 2u);
  EXPECT_EQ(decoded->diagnostics[0].code, "unknown_key");
  EXPECT_EQ(decoded->diagnostics[0].severity, Severity::kInfo);
  EXPECT_NE(decoded->diagnostics[1].fix.find("ctx"), std::string::npos);
  EXPECT_EQ(EncodeConfigUrl(*decoded), "m=llama-3.1-70b&future=a%20b&ctxx=5");
}

TEST(ConfigUrl, ALinkOfANewerVersionIsReadWithAWarning) {
  Result<DecodedConfig> decoded = DecodeConfigUrl("v=2&m=llama-3.1-70b");
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->config.model, "llama-3.1-70b");
  ASSERT_EQ(decoded->diagnostics.size(), 1u);
  EXPECT_EQ(decoded->diagnostics[0].code, "newer_link");
}

TEST(ConfigUrl, AnAddressWithoutAFragmentIsEmptyButAValueMayLookLikeOne) {
  EXPECT_EQ(DecodeConfigUrl("https://example.org/app/")->config, Config());
  EXPECT_EQ(DecodeConfigUrl("https://example.org/app/?embed=1")->config, Config());
  EXPECT_EQ(DecodeConfigUrl("m=a://b&tp=2")->config.model, "a://b");
}

TEST(ConfigUrl, ErrorsNameTheKeyTheValueAndWhatIsAccepted) {
  EXPECT_EQ(UrlError("m=x&ctx=many"),
            "max_model_len (ctx=) cannot be \"many\"; give -1 (as long as fits) or a whole number from 1 to "
            "1,000,000,000, or one such as 32k or 1M");
}

TEST(ConfigUrl, GarbageIsRefusedAtOnce) {
  const std::string garbage(10 << 20, '~');
  EXPECT_EQ(UrlError("m=" + garbage), "url cannot be 10,485,762 bytes; give a link of at most 65,536 bytes");
  EXPECT_NE(UrlError("m=%"), "(accepted)");
  EXPECT_NE(UrlError("m=%zz"), "(accepted)");
  EXPECT_NE(UrlError("m=~!!!"), "(accepted)");
  EXPECT_NE(UrlError("m=~"), "(accepted)");
  EXPECT_NE(UrlError("m=~eyJh"), "(accepted)") << "truncated JSON";
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "k" + std::to_string(i) + "&";
  EXPECT_NE(UrlError(many), "(accepted)");
  EXPECT_NE(UrlError("m=~" + EncodeBase64Url(std::string(40000, '['))), "(accepted)") << "nesting";
  for (const char* bad : {"m=%00%0A%1B", "g=,", "g=a,,b", "gm=1,x"}) {
    EXPECT_EQ(UrlError(bad).find('\n'), std::string::npos) << bad;
  }
  EXPECT_NE(UrlError("g=,"), "(accepted)");
}

TEST(ConfigUrl, TextIsUtf8) {
  EXPECT_NE(UrlError("m=llama-3.1-8b&ot=%ff=CPU").find("UTF-8"), std::string::npos);
}

TEST(ConfigUrl, ASharpInsideAValueDiscardsNothing) {
  EXPECT_EQ(FromUrl("m=llama-3.1-8b&ot=a#b%3DCPU&tp=2").model, "llama-3.1-8b");
  EXPECT_EQ(FromUrl("https://host/app/#m=llama-3.1-8b&ot=a#b%3DCPU&tp=2").tp, 2);
  EXPECT_EQ(FromUrl("#m=llama-3.1-8b&tp=2").tp, 2);
}

}  // namespace
}  // namespace plimsoll
