// A model file given to the page: what it becomes, what is shown of it, and what a refusal leaves alone.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "tests/ui/page_driver.h"
#include "web/worker/file_digest.h"

namespace plimsoll {
namespace {

FilePart Part(std::string name, std::string bytes) {
  const int64_t size = static_cast<int64_t>(bytes.size());
  return {std::move(name), std::move(bytes), size};
}

FilePart Safetensors(const std::string& header, int64_t data) {
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size() & 0xff);
  bytes[1] = static_cast<char>(header.size() >> 8);
  FilePart part = Part("model.safetensors", bytes + header);
  part.size += data;
  return part;
}

// Reads them as the worker does, and gives the page what it says. The refusal, or nothing.
std::string Give(PageDriver& page, const std::vector<FilePart>& parts) {
  const Json digest = DigestFiles(parts);
  if (const Json* error = digest.Find("error")) return error->AsString();
  const Json* file = digest.Find("file");
  if (file == nullptr) return "more is needed";
  return page.state().TakeFileJson(file->Dump()) ? "" : page.state().notice();
}

const char kTwoLayers[] =
    R"({"model.layers.0.mlp.up_proj.weight":{"dtype":"BF16","shape":[4,8],"data_offsets":[0,64]},)"
    R"("model.layers.1.mlp.up_proj.weight":{"dtype":"BF16","shape":[4,8],"data_offsets":[64,128]}})";

const char kConfigJson[] =
    R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":2048,"intermediate_size":5632,)"
    R"("num_hidden_layers":22,"num_attention_heads":32,"num_key_value_heads":4,"vocab_size":32000,)"
    R"("max_position_embeddings":2048,"tie_word_embeddings":false,"torch_dtype":"bfloat16"})";

TEST(GivenFile, SafetensorsShowsItsTensorsAndLeavesTheModel) {
  PageDriver page;
  const std::string model = page.state().config().model;
  ASSERT_EQ(Give(page, {Safetensors(kTwoLayers, 128)}), "");
  page.Frames();
  EXPECT_TRUE(page.Shows("model.safetensors", "heading"));
  EXPECT_TRUE(page.Shows("Layer stack", "img"));
  int stacks = 0;  // the model's own, and the file's
  for (const SemanticNode& node : page.app().semantics().nodes()) {
    stacks += node.label == "Layer stack" && node.value.rfind("2 layers", 0) == 0 ? 1 : 0;
  }
  EXPECT_EQ(stacks, 1);
  EXPECT_EQ(page.state().given_file()->tensors, 2);
  EXPECT_EQ(page.state().given_file()->parameters, 64);
  EXPECT_FALSE(page.state().given_file()->selected);
  EXPECT_EQ(page.state().config().model, model);
}

TEST(GivenFile, ConfigJsonBecomesTheModelAndTheLinkCarriesIt) {
  PageDriver page;
  page.state().DispatchJson(R"({"max_model_len":8192})");
  ASSERT_EQ(Give(page, {Part("config.json", kConfigJson)}), "");
  EXPECT_TRUE(page.state().given_file()->selected) << page.state().notice();
  EXPECT_TRUE(page.state().config().inline_model.is_object());
  EXPECT_EQ(page.state().resolved().max_model_len, 2048);  // the model's own: it reads no longer ones
  const Result<DecodedConfig> again = DecodeConfigUrl(page.state().FragmentText());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->config.inline_model, page.state().config().inline_model);
}

TEST(GivenFile, ConfigJsonBesideWeightsKeepsTheirTensorsInView) {
  PageDriver page;
  ASSERT_EQ(Give(page, {Safetensors(kTwoLayers, 128)}), "");
  ASSERT_EQ(Give(page, {Part("config.json", kConfigJson)}), "");
  ASSERT_NE(page.state().given_file(), nullptr);
  EXPECT_EQ(page.state().given_file()->file.kind, FileKind::kSafetensors);
  EXPECT_TRUE(page.state().given_file()->selected);
}

TEST(GivenFile, AsksForTheRestOfACutHeader) {
  PageDriver page;
  FilePart part = Safetensors(kTwoLayers, 128);
  part.bytes.resize(40);
  const Json digest = DigestFiles({part});
  ASSERT_TRUE(digest.Has("needed")) << digest.Dump();
  EXPECT_EQ(digest.Find("name")->AsString(), "model.safetensors");
  EXPECT_EQ(digest.Find("needed")->AsInt(), part.size - 128);
  EXPECT_EQ(page.state().given_file(), nullptr);
}

TEST(GivenFile, ARefusalIsOneLineAndChangesNothing) {
  PageDriver page;
  ASSERT_EQ(Give(page, {Safetensors(kTwoLayers, 128)}), "");
  const Config before = page.state().config();
  for (const std::string& bytes :
       {std::string(), std::string("GGUF\3\0\0\0", 8), std::string(64, '\xff'), std::string("{\"a\":")}) {
    const std::string refusal = Give(page, {Part("x.bin", bytes)});
    EXPECT_NE(refusal.find("x.bin"), std::string::npos) << refusal;
    EXPECT_EQ(refusal.find('\n'), std::string::npos);
    EXPECT_EQ(page.state().given_file()->name, "model.safetensors");
    EXPECT_EQ(page.state().config(), before);
  }
}

TEST(GivenFile, CanBeForgotten) {
  PageDriver page;
  ASSERT_EQ(Give(page, {Safetensors(kTwoLayers, 128)}), "");
  page.Frames();
  page.Click("Forget the file");
  EXPECT_EQ(page.state().given_file(), nullptr);
  EXPECT_FALSE(page.Shows("Forget the file"));
}

TEST(GivenFile, TheButtonAsksTheBrowser) {
  PageDriver page;
  const int64_t before = page.state().view.files_asked;
  page.Click("Read a model file");
  EXPECT_EQ(page.state().view.files_asked, before + 1);
}

}  // namespace
}  // namespace plimsoll
