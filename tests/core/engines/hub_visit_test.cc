#include "core/engines/hub_visit.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

constexpr const char* kConfig =
    R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","torch_dtype":"bfloat16","num_hidden_layers":32,
        "hidden_size":4096,"intermediate_size":14336,"num_attention_heads":32,"num_key_value_heads":8,
        "vocab_size":128256,"max_position_embeddings":8192,"tie_word_embeddings":false,"bos_token_id":1,
        "transformers_version":"4.50.0","use_cache":true,"rms_norm_eps":1e-05})";

std::string List(const std::string& files) {
  return R"({"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[)" + files + "]}";
}

// A hub with these files; anything else is not there.
HubVisit Visit(const std::string& name, const std::map<std::string, std::string>& files,
               std::vector<std::string>* asked = nullptr) {
  HubVisit visit(name, "");
  int rounds = 0;
  while (const std::optional<HubRequest> request = visit.Next()) {
    EXPECT_LT(++rounds, 20);
    if (asked) asked->push_back(request->path);
    const auto found = files.find(request->path);
    if (found == files.end()) {
      visit.Take({404, "", ""});
    } else {
      const size_t bytes = request->bytes > 0 ? static_cast<size_t>(request->bytes) : found->second.size();
      visit.Take({200, found->second.substr(0, bytes), ""});
    }
  }
  return visit;
}

const std::string kSha = "0123456789abcdef0123456789abcdef01234567";
const std::string kListPath = "/api/models/Org/Repo/revision/main?blobs=true";

TEST(HubVisit, AConfigIsFetchedAtThePinnedRevisionAndKeptShort) {
  std::vector<std::string> asked;
  const HubVisit visit = Visit("https://huggingface.co/Org/Repo",
                               {{kListPath, List(R"({"rfilename":"config.json","size":900})")},
                                {"/Org/Repo/resolve/" + kSha + "/config.json", kConfig}},
                               &asked);
  ASSERT_TRUE(visit.result().ok()) << visit.result().error().Message();
  EXPECT_EQ(asked.size(), 2u);
  const HubModel& model = *visit.result();
  EXPECT_EQ(model.revision, kSha);
  EXPECT_EQ(model.config.inline_model.Find("_commit_hash")->AsString(), kSha);
  EXPECT_EQ(model.config.inline_model.Find("_name_or_path")->AsString(), "Org/Repo");
  EXPECT_FALSE(model.config.inline_model.Has("bos_token_id"));
  Config config = model.config;
  config.gpu = {"rtx-4090"};
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_TRUE(resolved.ok()) << resolved.error().Message();
  EXPECT_EQ(EstimateResolved(*resolved).weights.total_params, 8030261248);
}

TEST(HubVisit, WhatSaysHowItIsQuantisedIsFetchedToo) {
  const HubVisit visit = Visit(
      "Org/Repo",
      {{kListPath, List(R"({"rfilename":"config.json"},{"rfilename":"hf_quant_config.json"})")},
       {"/Org/Repo/resolve/" + kSha + "/config.json", kConfig},
       {"/Org/Repo/resolve/" + kSha + "/hf_quant_config.json",
        R"({"producer":{"name":"modelopt"},"quantization":{"quant_algo":"NVFP4","group_size":16,"exclude_modules":["lm_head"]}})"}});
  ASSERT_TRUE(visit.result().ok()) << visit.result().error().Message();
  Config config = visit.result()->config;
  config.gpu = {"rtx-5090"};
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_TRUE(resolved.ok()) << resolved.error().Message();
  EXPECT_EQ(resolved->format->id, "nvfp4");
}

TEST(HubVisit, ParamsOfMistralsOwnFormat) {
  const HubVisit visit =
      Visit("Org/Repo", {{kListPath, List(R"({"rfilename":"params.json"})")},
                         {"/Org/Repo/resolve/" + kSha + "/params.json",
                          R"({"dim":4096,"n_layers":32,"head_dim":128,"hidden_dim":14336,"n_heads":32,
                                                 "n_kv_heads":8,"norm_eps":1e-05,"vocab_size":32768,"rope_theta":1000000.0})"}});
  ASSERT_TRUE(visit.result().ok()) << visit.result().error().Message();
  Config config = visit.result()->config;
  config.gpu = {"rtx-4090"};
  config.max_model_len = 8192;
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_TRUE(resolved.ok()) << resolved.error().Message();
  EXPECT_EQ(EstimateResolved(*resolved).weights.total_params, 7248023552) << "Mistral 7B v0.3";
}

std::string Number(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}
std::string Gguf() {
  const auto text = [](const std::string& value) { return Number(value.size(), 8) + value; };
  std::string file = "GGUF" + Number(3, 4) + Number(0, 8) + Number(8, 8);
  file += text("general.architecture") + Number(8, 4) + text("llama");
  file += text("general.file_type") + Number(4, 4) + Number(15, 4);
  for (const auto& [key, value] : std::map<std::string, uint64_t>{{"block_count", 32},
                                                                  {"embedding_length", 4096},
                                                                  {"feed_forward_length", 14336},
                                                                  {"attention.head_count", 32},
                                                                  {"attention.head_count_kv", 8},
                                                                  {"vocab_size", 128256}})
    file += text("llama." + key) + Number(4, 4) + Number(value, 4);
  return file;
}

TEST(HubVisit, AGgufIsChosenAsPeopleNameIt) {
  const auto chosen = [&](const std::string& name) {
    std::vector<std::string> asked;
    Visit(
        name,
        {{kListPath, List(R"({"rfilename":"M-Q8_0.gguf","size":900},{"rfilename":"M-Q4_K_M.gguf","size":900},
             {"rfilename":"M-Q4_K_S.gguf","size":900},{"rfilename":"mmproj-F16.gguf","size":900},
             {"rfilename":"M-BF16-00002-of-00002.gguf","size":900})")}},
        &asked);
    return asked.size() > 1 ? asked[1].substr(asked[1].rfind('/') + 1) : std::string("(none)");
  };
  EXPECT_EQ(chosen("Org/Repo"), "M-Q4_K_M.gguf");
  EXPECT_EQ(chosen("Org/Repo:q8_0"), "M-Q8_0.gguf");
  EXPECT_EQ(chosen("hf.co/Org/Repo:Q4_K_S"), "M-Q4_K_S.gguf");
  EXPECT_EQ(chosen("Org/Repo:IQ2_M"), "(none)");
  EXPECT_EQ(chosen("Org/Repo:BF16"), "(none)") << "its first part is not there";
  const HubVisit visit =
      Visit("Org/Repo:Q4_K_M", {{kListPath, List(R"({"rfilename":"M-Q4_K_M.gguf","size":900})")},
                                {"/Org/Repo/resolve/" + kSha + "/M-Q4_K_M.gguf", Gguf()}});
  ASSERT_TRUE(visit.result().ok()) << visit.result().error().Message();
  EXPECT_EQ(visit.result()->config.engine, "llama.cpp");
}

TEST(HubVisit, AnIndexOrTheHeaderOfASingleFileIsReadBesideTheConfig) {
  const std::string config_path = "/Org/Repo/resolve/" + kSha + "/config.json";
  const HubVisit indexed =
      Visit("Org/Repo",
            {{kListPath, List(R"({"rfilename":"config.json"},{"rfilename":"a-00001-of-00002.safetensors"},
             {"rfilename":"model.safetensors.index.json"})")},
             {config_path, kConfig},
             {"/Org/Repo/resolve/" + kSha + "/model.safetensors.index.json",
              R"({"metadata":{"total_size":16060522496},"weight_map":{"a":"f","b":"g"}})"}});
  ASSERT_TRUE(indexed.result().ok()) << indexed.result().error().Message();
  ASSERT_TRUE(indexed.result()->file);
  EXPECT_EQ(indexed.result()->file->bytes, Bytes(16060522496));

  // A header longer than the first read: asked for again, as long as it says it is.
  std::string names;
  for (int i = 0; i < 30000; ++i) {
    names += (i > 0 ? "," : "") + std::string("\"layer.") + std::to_string(i) +
             R"(":{"dtype":"BF16","shape":[1],"data_offsets":[)" + std::to_string(2 * i) + "," +
             std::to_string(2 * i + 2) + "]}";
  }
  const std::string header = "{" + names + "}";
  ASSERT_GT(static_cast<int64_t>(header.size()), kFirstRead);
  const std::string file = Number(header.size(), 8) + header + std::string(60000, 'x');
  std::vector<std::string> asked;
  const HubVisit single =
      Visit("Org/Repo",
            {{kListPath, List(R"({"rfilename":"config.json"},{"rfilename":"model.safetensors","size":)" +
                              std::to_string(file.size()) + "}")},
             {config_path, kConfig},
             {"/Org/Repo/resolve/" + kSha + "/model.safetensors", file}},
            &asked);
  ASSERT_TRUE(single.result().ok()) << single.result().error().Message();
  EXPECT_EQ(asked.size(), 4u) << "the header twice";
  ASSERT_TRUE(single.result()->file);
  EXPECT_EQ(single.result()->file->bytes, Bytes(60000));
  // One that is refused or broken takes nothing away from the config.
  for (const auto& [status, body] : {std::pair<int, std::string>{404, ""}, {200, "{\"x"}}) {
    HubVisit visit("Org/Repo", "");
    visit.Take({200, List(R"({"rfilename":"config.json"},{"rfilename":"model.safetensors"})"), ""});
    visit.Take({200, kConfig, ""});
    visit.Take({status, body, ""});
    EXPECT_FALSE(visit.Next());
    ASSERT_TRUE(visit.result().ok());
    EXPECT_FALSE(visit.result()->file);
  }
}

TEST(HubVisit, AnAddressNamesItsRevisionAndTheHubCountsTheType) {
  HubVisit visit("https://huggingface.co/Org/Repo/tree/v2", "");
  EXPECT_EQ(visit.Next()->path, "/api/models/Org/Repo/revision/v2?blobs=true");
  EXPECT_EQ(HubVisit("hf.co/Org/Repo/blob/v2/config.json", "v3").Next()->path,
            "/api/models/Org/Repo/revision/v3?blobs=true");
  std::string config = kConfig;
  config.replace(config.find("\"torch_dtype\":\"bfloat16\","), 25, "");
  visit.Take(
      {200,
       R"({"sha":"abc","safetensors":{"parameters":{"F32":10,"F16":1000}},"siblings":[{"rfilename":"config.json"}]})",
       ""});
  visit.Take({200, config, ""});
  ASSERT_TRUE(visit.result().ok()) << visit.result().error().Message();
  EXPECT_EQ(visit.result()->config.inline_model.Find("torch_dtype")->AsString(), "float16");
}

TEST(HubVisit, TheGgufFilesAreListedAndWrittenAsJson) {
  const HubVisit visit =
      Visit("Org/Repo",
            {{kListPath, List(R"({"rfilename":"M-Q4_K_M.gguf","size":900},{"rfilename":"M-Q8_0.gguf"})")},
             {"/Org/Repo/resolve/" + kSha + "/M-Q4_K_M.gguf", Gguf()}});
  ASSERT_TRUE(visit.result().ok()) << visit.result().error().Message();
  const Json json = HubModelJson(*visit.result());
  EXPECT_EQ(json.Find("ggufs")->items().size(), 2u);
  EXPECT_EQ(json.Find("ggufs")->items()[0].Find("size")->AsInt().value_or(0), 900);
  EXPECT_EQ(json.Find("gguf")->AsString(), "M-Q4_K_M.gguf");
  EXPECT_EQ(json.Find("repository")->AsString(), "Org/Repo");
  EXPECT_TRUE(json.Find("file")->is_object());
  EXPECT_NE(json.Find("remarks")->Dump().find("2 GGUF files"), std::string::npos);
}

TEST(HubVisit, EveryRefusalSaysWhatToDo) {
  const auto refused = [](int status, const std::string& body) {
    HubVisit visit("Org/Repo", "");
    visit.Take({status, body, status == 0 ? "its name is not found" : ""});
    EXPECT_FALSE(visit.Next());
    return visit.result().ok() ? std::string("(taken)") : visit.result().error().Message();
  };
  EXPECT_NE(refused(401, "").find("HF_TOKEN"), std::string::npos);
  EXPECT_NE(refused(403, "").find("gated"), std::string::npos);
  EXPECT_NE(refused(404, "").find("does not have"), std::string::npos);
  EXPECT_NE(refused(0, "").find("its name is not found"), std::string::npos);
  EXPECT_NE(refused(429, "").find("wait"), std::string::npos);
  EXPECT_NE(refused(500, "").find("500"), std::string::npos);
  EXPECT_NE(refused(200, "<html>").find("no list"), std::string::npos);
  EXPECT_NE(refused(200, List(R"({"rfilename":"README.md"})")).find("holds no model"), std::string::npos);
  EXPECT_FALSE(HubVisit("not a repository", "").Next());
  EXPECT_FALSE(HubVisit("Org/Repo", "../../etc").Next());
  const HubVisit adapter =
      Visit("Org/Repo", {{kListPath, List(R"({"rfilename":"config.json"})")},
                         {"/Org/Repo/resolve/" + kSha + "/config.json", R"({"peft_type":"LORA"})"}});
  ASSERT_FALSE(adapter.result().ok());
  EXPECT_NE(adapter.result().error().Message().find("not a language model"), std::string::npos);
}

}  // namespace
}  // namespace plimsoll
