#include "core/files/gguf_header.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/arch/architecture.h"
#include "core/files/gguf_config.h"
#include "core/files/model_file.h"
#include "core/formats/format_object.h"
#include "core/weights/gguf_recipe.h"
#include "core/weights/read_architecture.h"

namespace plimsoll {
namespace {

// Writes GGUF as docs/gguf.md describes it.
class GgufWriter {
 public:
  GgufWriter& Number(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
    return *this;
  }
  GgufWriter& Text(std::string_view text) {
    Number(text.size(), 8);
    bytes_ += text;
    return *this;
  }
  GgufWriter& Start(uint64_t tensors, uint64_t pairs, uint32_t version = 3) {
    bytes_ += "GGUF";
    return Number(version, 4).Number(tensors, 8).Number(pairs, 8);
  }
  GgufWriter& Uint(std::string_view key, uint64_t value) { return Text(key).Number(4, 4).Number(value, 4); }
  GgufWriter& String(std::string_view key, std::string_view value) {
    return Text(key).Number(8, 4).Text(value);
  }
  GgufWriter& Tensor(std::string_view name, std::vector<uint64_t> ne, uint32_t type, uint64_t offset) {
    Text(name).Number(ne.size(), 4);
    for (const uint64_t side : ne) Number(side, 8);
    return Number(type, 4).Number(offset, 8);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// A whole file of a small Llama, as the converter writes it.
std::string SmallLlama(const Json& format, const Json& config, std::vector<GgufTensor>* listed = nullptr) {
  Result<Architecture> architecture = ReadArchitecture(config, "model");
  EXPECT_TRUE(architecture.ok());
  Result<WeightFormat> weight_format = ReadWeightFormat(format, "format");
  EXPECT_TRUE(weight_format.ok());
  struct Entry {
    std::string name;
    GgmlType type;
    std::vector<uint64_t> ne;
  };
  std::vector<Entry> entries;
  for (size_t i = 0; i < architecture->gguf.size(); ++i) {
    const GgufTensor& tensor = architecture->gguf[i];
    const std::vector<GgmlType> types =
        GgufTensorTypes(*architecture, *weight_format, static_cast<int32_t>(i));
    int32_t nth = 0;
    for (size_t layer = 0; layer < (tensor.group < 0 ? 1 : architecture->layer_group.size()); ++layer) {
      if (tensor.group >= 0 && architecture->layer_group[layer] != tensor.group) continue;
      std::string name = tensor.name;
      if (tensor.group >= 0) name.replace(name.find("{}"), 2, std::to_string(layer));
      std::vector<uint64_t> ne = {static_cast<uint64_t>(tensor.ne0)};
      if (tensor.ne1 > 1 || tensor.ne2 > 1) ne.push_back(static_cast<uint64_t>(tensor.ne1));
      if (tensor.ne2 > 1) ne.push_back(static_cast<uint64_t>(tensor.ne2));
      entries.push_back({name, types[static_cast<size_t>(nth++)], ne});
    }
  }
  if (listed != nullptr) *listed = architecture->gguf;
  GgufWriter writer;
  writer.Start(entries.size(), 13);
  writer.String("general.architecture", "llama").Uint("general.file_type", 15).Uint("llama.block_count", 8);
  writer.Uint("llama.embedding_length", 512).Uint("llama.feed_forward_length", 1024);
  writer.Uint("llama.attention.head_count", 8).Uint("llama.attention.head_count_kv", 2);
  writer.Uint("llama.attention.key_length", 64)
      .Uint("llama.context_length", 4096)
      .Uint("llama.vocab_size", 1000);
  writer.Text("llama.rope.freq_base").Number(6, 4).Number(0x40490fdb, 4);
  writer.Text("tokenizer.ggml.tokens").Number(9, 4).Number(8, 4).Number(1000, 8);
  for (int i = 0; i < 1000; ++i) writer.Text("token" + std::to_string(i));
  writer.Text("tokenizer.ggml.scores").Number(9, 4).Number(6, 4).Number(2000, 8);
  for (int i = 0; i < 2000; ++i) writer.Number(0, 4);
  uint64_t offset = 0;
  for (const Entry& entry : entries) {
    writer.Tensor(entry.name, entry.ne, static_cast<uint32_t>(Info(entry.type).ggml_id), offset);
    int64_t rows = 1;
    for (size_t i = 1; i < entry.ne.size(); ++i) rows *= static_cast<int64_t>(entry.ne[i]);
    offset += static_cast<uint64_t>(
        RoundUp(GgmlBytes(entry.type, static_cast<int64_t>(entry.ne[0]), rows).count(), 32));
  }
  return writer.bytes();
}

Json LlamaConfig() {
  return *Json::Parse(R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":512,
      "intermediate_size":1024,"num_hidden_layers":8,"num_attention_heads":8,"num_key_value_heads":2,"head_dim":64,
      "vocab_size":1000,"max_position_embeddings":4096,"tie_word_embeddings":false})",
                      "model");
}

TEST(GgufHeader, ReadsMetadataAndTensors) {
  const std::string bytes = SmallLlama("gguf-q4_k_m", LlamaConfig());
  const Result<GgufHeader> header = ReadGgufHeader(bytes, -1);
  ASSERT_TRUE(header.ok()) << header.error().Message();
  EXPECT_EQ(header->needed_bytes, 0);
  EXPECT_EQ(header->version, 3);
  EXPECT_EQ(header->metadata.Find("general.architecture")->AsString(), "llama");
  EXPECT_EQ(header->metadata.Find("tokenizer.ggml.tokens#")->AsInt(), 1000);
  EXPECT_EQ(header->metadata.Find("tokenizer.ggml.tokens"), nullptr);
  EXPECT_NEAR(*header->metadata.Find("llama.rope.freq_base")->AsDouble(), 3.14159, 1e-4);
  EXPECT_EQ(FormatOfGguf(*header), "gguf-q4_k_m");
  EXPECT_EQ(header->data_start % 32, 0);
}

// The bytes of a file's tensors by layer, added up plainly, to hold LayOutGguf against.
GgufLayout LayoutOfGguf(const GgufHeader& header) {
  GgufLayout layout;
  layout.tied = true;
  for (const GgufFileTensor& tensor : header.tensors) {
    layout.tensors += tensor.bytes;
    layout.padding += Bytes(RoundUp(tensor.bytes.count(), header.alignment)) - tensor.bytes;
    ++layout.tensor_count;
    layout.elements += tensor.ne[0] * tensor.ne[1] * tensor.ne[2] * tensor.ne[3];
    if (tensor.name.substr(0, 4) == "blk.") {
      const size_t layer = std::stoul(tensor.name.substr(4));
      if (layout.layers.size() <= layer) layout.layers.resize(layer + 1);
      layout.layers[layer].dense += tensor.bytes;
    } else if (tensor.name == "token_embd.weight") {
      layout.token_embedding += tensor.bytes;
    } else if (tensor.name == "output.weight") {
      layout.output += tensor.bytes;
      layout.tied = false;
    } else {
      layout.output_norm += tensor.bytes;
    }
  }
  if (layout.tied) layout.output = layout.token_embedding;
  return layout;
}

TEST(GgufHeader, TheLayoutOfAFileIsTheLayoutByRule) {
  const Json config = LlamaConfig();
  const Result<GgufHeader> header = ReadGgufHeader(SmallLlama("gguf-q4_k_m", config), -1);
  ASSERT_TRUE(header.ok());
  const Result<Json> read = ConfigOfGguf(*header);
  ASSERT_TRUE(read.ok()) << read.error().Message();
  const Result<Architecture> architecture = ReadArchitecture(*read, "gguf");
  ASSERT_TRUE(architecture.ok()) << architecture.error().Message();
  const Result<WeightFormat> format = ReadWeightFormat(Json(FormatOfGguf(*header)), "format");
  const GgufLayout by_rule = LayOutGguf(*architecture, *format);
  const GgufLayout by_file = LayoutOfGguf(*header);
  EXPECT_EQ(by_file.tensors, by_rule.tensors);
  EXPECT_EQ(by_file.padding, by_rule.padding);
  EXPECT_EQ(by_file.token_embedding, by_rule.token_embedding);
  EXPECT_EQ(by_file.output, by_rule.output);
  EXPECT_EQ(by_file.output_norm, by_rule.output_norm);
  EXPECT_EQ(by_file.tensor_count, by_rule.tensor_count);
  EXPECT_EQ(by_file.elements, by_rule.elements);
  ASSERT_EQ(by_file.layers.size(), by_rule.layers.size());
  for (size_t i = 0; i < by_rule.layers.size(); ++i)
    EXPECT_EQ(by_file.layers[i].dense, by_rule.layers[i].dense) << i;
}

// A file whose types somebody chose by hand: its own types become the format, so that an estimate has the
// file's bytes, layer by layer.
TEST(GgufHeader, TypesThatDepartFromTheRulesBecomeTheFormat) {
  const Json config = LlamaConfig();
  const Json mixed = *Json::Parse(
      R"({"id":"gguf-q4_k_m","tensor_types":{"ffn_down":{"0":"q8_0","2":"q3_k","5":"q6_k"},
          "attn_v":"q8_0","token_embd":"q8_0","output":"f16"}})",
      "format");
  const std::string bytes = SmallLlama(mixed, config);
  const Result<GgufHeader> header = ReadGgufHeader(bytes, -1);
  ASSERT_TRUE(header.ok());
  const GgufLayout by_file = LayoutOfGguf(*header);
  const Result<ModelFile> file = ReadModelFile({{"mixed.gguf", bytes, -1}});
  ASSERT_TRUE(file.ok()) << file.error().Message();
  ASSERT_TRUE(file->model.is_object());
  EXPECT_TRUE(file->remarks.empty()) << file->remarks[0];
  const Result<Architecture> architecture = ReadArchitecture(file->model, "model");
  const Result<WeightFormat> format = ReadWeightFormat(file->own_format, "format");
  ASSERT_TRUE(architecture.ok());
  ASSERT_TRUE(format.ok()) << format.error().Message();
  EXPECT_FALSE(format->approximate());
  const GgufLayout listed = LayOutGguf(*architecture, *format);
  EXPECT_EQ(listed.tensors, by_file.tensors);
  EXPECT_EQ(listed.tensors, file->bytes);
  EXPECT_EQ(listed.output, by_file.output);
  EXPECT_EQ(listed.token_embedding, by_file.token_embedding);
  ASSERT_EQ(listed.layers.size(), by_file.layers.size());
  for (size_t i = 0; i < listed.layers.size(); ++i)
    EXPECT_EQ(listed.layers[i].dense, by_file.layers[i].dense) << i;
  // And a file by the rules is told by its name alone.
  const Result<ModelFile> plain = ReadModelFile({{"plain.gguf", SmallLlama("gguf-q4_k_m", config), -1}});
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->own_format, Json("gguf-q4_k_m"));
}

// A file's header for any architecture, with the metadata that its converter writes.
class ModelWriter {
 public:
  ModelWriter(std::string arch, const Architecture& architecture) : arch_(std::move(arch)), a_(architecture) {
    String("general.architecture", arch_);
    Uint("block_count", a_.layers).Uint("embedding_length", a_.hidden);
  }
  ModelWriter& Uint(const std::string& key, int64_t value) {
    pairs_.Uint(arch_ + "." + key, static_cast<uint64_t>(value));
    ++count_;
    return *this;
  }
  ModelWriter& String(std::string_view key, std::string_view value) {
    pairs_.String(key, value);
    ++count_;
    return *this;
  }
  // `type` 4: u32, 7: bool.
  ModelWriter& List(const std::string& key, const std::vector<int64_t>& values, uint64_t type) {
    pairs_.Text(arch_ + "." + key).Number(9, 4).Number(type, 4).Number(values.size(), 8);
    for (const int64_t value : values) pairs_.Number(static_cast<uint64_t>(value), type == 7 ? 1 : 4);
    ++count_;
    return *this;
  }
  std::string ToBytes(std::string_view format_id) {
    pairs_.Uint("general.file_type", 15);
    const Result<WeightFormat> format = ReadWeightFormat(Json(format_id), "format");
    GgufWriter tensors;
    uint64_t count = 0, offset = 0;
    for (size_t i = 0; i < a_.gguf.size(); ++i) {
      const GgufTensor& tensor = a_.gguf[i];
      const std::vector<GgmlType> types = GgufTensorTypes(a_, *format, static_cast<int32_t>(i));
      size_t nth = 0;
      for (size_t layer = 0; layer < (tensor.group < 0 ? 1 : a_.layer_group.size()); ++layer) {
        if (tensor.group >= 0 && a_.layer_group[layer] != tensor.group) continue;
        std::string name = tensor.name;
        if (tensor.group >= 0) name.replace(name.find("{}"), 2, std::to_string(layer));
        std::vector<uint64_t> ne = {static_cast<uint64_t>(tensor.ne0)};
        if (tensor.ne1 > 1 || tensor.ne2 > 1) ne.push_back(static_cast<uint64_t>(tensor.ne1));
        if (tensor.ne2 > 1) ne.push_back(static_cast<uint64_t>(tensor.ne2));
        const GgmlType type = types[nth++];
        tensors.Tensor(name, ne, static_cast<uint32_t>(Info(type).ggml_id), offset);
        offset +=
            static_cast<uint64_t>(RoundUp(GgmlBytes(type, tensor.ne0, tensor.ne1 * tensor.ne2).count(), 32));
        ++count;
      }
    }
    return GgufWriter().Start(count, count_ + 1).bytes() + pairs_.bytes() + tensors.bytes();
  }

 private:
  std::string arch_;
  const Architecture& a_;
  GgufWriter pairs_;
  uint64_t count_ = 0;
};

Architecture ReadText(const char* text) {
  Result<Architecture> architecture = ReadArchitecture(*Json::Parse(text, "model"), "model");
  EXPECT_TRUE(architecture.ok()) << (architecture.ok() ? "" : architecture.error().Message());
  return architecture.ok() ? *architecture : Architecture();
}

// The metadata of a file makes the model again, tensor for tensor: ReadModelFile remarks on any difference.
void ExpectSameModel(const Architecture& architecture, const std::string& bytes) {
  const Result<ModelFile> file = ReadModelFile({{"model.gguf", bytes, -1}});
  ASSERT_TRUE(file.ok()) << file.error().Message();
  ASSERT_TRUE(file->model.is_object()) << file->remarks[0];
  EXPECT_TRUE(file->remarks.empty()) << architecture.name << ": " << file->remarks[0];
  EXPECT_EQ(file->own_format, Json("gguf-q4_k_m")) << file->own_format.Dump();
  const Result<Architecture> again = ReadArchitecture(file->model, "model");
  ASSERT_TRUE(again.ok()) << again.error().Message();
  EXPECT_EQ(CountParameters(*again).text, CountParameters(architecture).text);
  ASSERT_EQ(again->groups.size(), architecture.groups.size());
  for (size_t i = 0; i < again->groups.size(); ++i) {
    const Attention& x = again->groups[i].shape.attention;
    const Attention& y = architecture.groups[i].shape.attention;
    EXPECT_EQ(x.kind, y.kind);
    EXPECT_EQ(x.kv_heads, y.kv_heads);
    EXPECT_EQ(x.key_dim, y.key_dim);
    EXPECT_EQ(x.window, y.window);
    EXPECT_EQ(x.shares_kv, y.shares_kv);
    EXPECT_EQ(again->groups[i].count, architecture.groups[i].count);
  }
}

TEST(GgufHeader, FamiliesComeBackFromTheirMetadata) {
  const Architecture gemma3n = ReadText(
      R"({"architectures":["Gemma3nForCausalLM"],"hidden_size":512,"num_attention_heads":8,)"
      R"("num_key_value_heads":2,"head_dim":256,"vocab_size":1024,"vocab_size_per_layer_input":1000,)"
      R"("hidden_size_per_layer_input":256,"laurel_rank":64,"num_hidden_layers":10,"intermediate_size":1024,)"
      R"("num_kv_shared_layers":3,"sliding_window":512})");
  const std::vector<int64_t> pattern = {1, 1, 1, 1, 0, 1, 1, 1, 1, 0};
  ModelWriter n("gemma3n", gemma3n);
  n.Uint("attention.head_count", 8).Uint("attention.head_count_kv", 2).Uint("attention.key_length", 256);
  n.Uint("attention.sliding_window", 512).Uint("attention.shared_kv_layers", 3).Uint("context_length", 2048);
  n.Uint("embedding_length_per_layer_input", 256).Uint("altup.num_inputs", 4);
  n.List("feed_forward_length", std::vector<int64_t>(10, 1024), 4);
  n.List("attention.sliding_window_pattern", pattern, 7);
  ExpectSameModel(gemma3n, n.ToBytes("gguf-q4_k_m"));

  const Architecture gemma4 = ReadText(
      R"({"architectures":["Gemma4ForCausalLM"],"hidden_size":512,"num_attention_heads":8,)"
      R"("num_key_value_heads":4,"num_global_key_value_heads":1,"head_dim":256,"global_head_dim":512,)"
      R"("attention_k_eq_v":true,"vocab_size":1024,"num_hidden_layers":10,"intermediate_size":1024,)"
      R"("sliding_window":1024,"layer_types":["sliding_attention","sliding_attention","sliding_attention",)"
      R"("sliding_attention","full_attention","sliding_attention","sliding_attention","sliding_attention",)"
      R"("sliding_attention","full_attention"]})");
  ModelWriter g("gemma4", gemma4);
  g.Uint("attention.head_count", 8).Uint("attention.key_length", 512).Uint("attention.key_length_swa", 256);
  g.Uint("attention.sliding_window", 1024).Uint("feed_forward_length", 1024).Uint("context_length", 2048);
  g.List("attention.head_count_kv", {4, 4, 4, 4, 1, 4, 4, 4, 4, 1}, 4);
  g.List("attention.sliding_window_pattern", pattern, 7);
  ExpectSameModel(gemma4, g.ToBytes("gguf-q4_k_m"));

  const Architecture internlm = ReadText(
      R"({"architectures":["InternLM2ForCausalLM"],"hidden_size":512,"intermediate_size":1024,)"
      R"("num_hidden_layers":6,"num_attention_heads":8,"num_key_value_heads":2,"vocab_size":1000,"bias":false})");
  ModelWriter i("internlm2", internlm);
  i.Uint("attention.head_count", 8).Uint("attention.head_count_kv", 2).Uint("feed_forward_length", 1024);
  ExpectSameModel(internlm, i.ToBytes("gguf-q4_k_m"));

  const Architecture dots = ReadText(
      R"({"architectures":["Dots1ForCausalLM"],"hidden_size":512,"intermediate_size":1024,"head_dim":64,)"
      R"("moe_intermediate_size":256,"num_hidden_layers":6,"num_attention_heads":8,"num_key_value_heads":8,)"
      R"("n_routed_experts":16,"n_shared_experts":2,"num_experts_per_tok":6,"first_k_dense_replace":1,)"
      R"("vocab_size":1000})");
  ModelWriter d("dots1", dots);
  d.Uint("attention.head_count", 8).Uint("attention.head_count_kv", 8).Uint("feed_forward_length", 1024);
  d.Uint("attention.key_length", 64).Uint("expert_count", 16).Uint("expert_used_count", 6);
  d.Uint("expert_feed_forward_length", 256)
      .Uint("expert_shared_count", 2)
      .Uint("leading_dense_block_count", 1);
  ExpectSameModel(dots, d.ToBytes("gguf-q4_k_m"));
}

TEST(GgufHeader, RowsFoldLayers) {
  const Result<GgufHeader> header = ReadGgufHeader(SmallLlama("gguf-q4_k_m", LlamaConfig()), -1);
  ASSERT_TRUE(header.ok());
  Bytes total;
  int64_t down = 0;
  for (const InventoryRow& row : ListFileTensors(*header)) {
    total += row.bytes;
    if (row.name == "blk.{}.ffn_down.weight") down += row.count;
    if (row.name == "blk.{}.attn_q.weight") {
      EXPECT_EQ(row.layers.size(), 8U);
      EXPECT_EQ(row.role, TensorRole::kAttention);
      EXPECT_EQ(row.type, "Q4_K");
    }
  }
  EXPECT_EQ(total, header->data);
  EXPECT_EQ(down, 8);
}

TEST(GgufHeader, AsksForMoreUntilTheHeaderIsWhole) {
  const std::string bytes = SmallLlama("gguf-q8_0", LlamaConfig());
  for (size_t length = 0; length < bytes.size(); length += length < 2000 ? 1 : 97) {
    const Result<GgufHeader> header = ReadGgufHeader(std::string_view(bytes).substr(0, length), -1);
    ASSERT_TRUE(header.ok()) << length << ": " << header.error().Message();
    ASSERT_GT(header->needed_bytes, static_cast<int64_t>(length));
    ASSERT_LE(header->needed_bytes, kMaxGgufHeader);
    ASSERT_TRUE(header->tensors.empty());
  }
  EXPECT_EQ(ReadGgufHeader(bytes, -1)->needed_bytes, 0);
  // A file that ends before its header does is refused.
  EXPECT_FALSE(ReadGgufHeader(std::string_view(bytes).substr(0, 300), 300).ok());
}

TEST(GgufHeader, RefusesWithReason) {
  const auto refused = [](const GgufWriter& writer, std::string_view field, int64_t size = -1) {
    const Result<GgufHeader> header = ReadGgufHeader(writer.bytes(), size);
    ASSERT_FALSE(header.ok()) << field;
    EXPECT_NE(header.error().field.find(field), std::string::npos) << header.error().Message();
  };
  EXPECT_FALSE(ReadGgufHeader("GGML\3\0\0\0", -1).ok());
  refused(GgufWriter().Start(1, 0, 1), "version");
  refused(GgufWriter().Start(1, 0, 0x03000000), "version");
  refused(GgufWriter().Start(uint64_t{1} << 60, 0), "tensor_count");
  refused(GgufWriter().Start(0, uint64_t{1} << 60), "metadata_kv_count");
  refused(GgufWriter().Start(0, 1).Number(uint64_t{1} << 50, 8), "key");
  refused(GgufWriter().Start(0, 1).Text("k").Number(99, 4), "k");
  refused(GgufWriter().Start(0, 1).Text("k").Number(8, 4).Number(~uint64_t{0}, 8), "k");
  refused(GgufWriter().Start(0, 1).Text("k").Number(9, 4).Number(9, 4).Number(1, 8), "k");  // nested arrays
  refused(GgufWriter().Start(0, 1).Text("k").Number(9, 4).Number(4, 4).Number(~uint64_t{0}, 8), "k");
  refused(GgufWriter().Start(0, 1).Uint("general.alignment", 33), "alignment");
  refused(GgufWriter().Start(0, 2).Uint("split.no", 5).Uint("split.count", 2), "split.no");
  refused(GgufWriter().Start(1, 0).Tensor("t", {1, 1, 1, 1, 1}, 0, 0), "t");
  refused(GgufWriter().Start(1, 0).Tensor("t", {uint64_t{1} << 40, uint64_t{1} << 40}, 0, 0), "t");
  refused(GgufWriter().Start(1, 0).Tensor("t", {32}, 77, 0), "t");
  refused(GgufWriter().Start(1, 0).Tensor("t", {33}, 2, 0), "t");  // Q4_0 rows of 33
  refused(GgufWriter().Start(1, 0).Tensor("t", {32}, 0, 7), "t");  // offset off the alignment
  refused(GgufWriter().Start(2, 0).Tensor("a", {32}, 0, 0).Tensor("b", {32}, 0, 64), "b");
  refused(GgufWriter().Start(1, 0).Tensor("t", {32}, 0, 1 << 20), "t", 4096);
}

TEST(GgufHeader, SplitFilesJoin) {
  const auto part = [](uint64_t number, uint64_t count, std::string_view tensor) {
    GgufWriter writer;
    writer.Start(tensor.empty() ? 0 : 1, 3).String("general.architecture", "llama");
    writer.Uint("split.no", number).Uint("split.count", count);
    if (!tensor.empty()) writer.Tensor(tensor, {32}, 0, 0);
    return *ReadGgufHeader(writer.bytes(), -1);
  };
  // The second part first; the first holds no tensors, as gguf-split --no-tensor-first-split writes it.
  const Result<GgufHeader> whole = JoinGgufHeaders({part(1, 2, "blk.0.attn_q.weight"), part(0, 2, "")});
  ASSERT_TRUE(whole.ok()) << whole.error().Message();
  EXPECT_EQ(whole->data, Bytes(128));
  EXPECT_FALSE(JoinGgufHeaders({part(0, 2, "a")}).ok());
  EXPECT_FALSE(JoinGgufHeaders({part(0, 2, "a"), part(0, 2, "b")}).ok());
  EXPECT_FALSE(JoinGgufHeaders({}).ok());
}

TEST(GgufHeader, UnknownArchitecturesAreNamed) {
  const Result<GgufHeader> header =
      ReadGgufHeader(GgufWriter().Start(0, 1).String("general.architecture", "rwkv9").bytes(), -1);
  ASSERT_TRUE(header.ok());
  const Result<Json> config = ConfigOfGguf(*header);
  ASSERT_FALSE(config.ok());
  EXPECT_NE(config.error().given.find("rwkv9"), std::string::npos);
}

TEST(GgufHeader, DamagedHeadersNeverHang) {
  const std::string whole = SmallLlama("gguf-q4_k_m", LlamaConfig());
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = whole;
    for (int i = 0, n = 1 + static_cast<int>(random() % 4); i < n; ++i) {
      const size_t at = random() % (round % 2 == 0 ? 600 : bytes.size());
      bytes[at] = static_cast<char>(random());
    }
    const Result<GgufHeader> header = ReadGgufHeader(bytes, static_cast<int64_t>(bytes.size()) + 1000000);
    if (!header.ok() || header->needed_bytes > 0) continue;
    ListFileTensors(*header);
    if (const Result<Json> config = ConfigOfGguf(*header); config.ok())
      (void)ReadArchitecture(*config, "gguf").ok();
    (void)ReadModelFile({{"x.gguf", bytes, static_cast<int64_t>(bytes.size()) + 1000000}}).ok();
  }
}

Result<GgufHeader> InSlices(std::string_view bytes, size_t slice, int64_t file_size) {
  GgufHeaderReader reader(file_size);
  while (!reader.complete() && static_cast<size_t>(reader.next()) < bytes.size()) {
    if (auto error = reader.Feed(bytes.substr(static_cast<size_t>(reader.next()), slice))) return *error;
  }
  if (!reader.complete()) return Error{"gguf", "too few bytes", "more"};
  return reader.Take();
}

TEST(GgufHeader, SlicesOfAnyLengthGiveTheSame) {
  GgufWriter file;
  file.Start(2, 4).String("general.architecture", "llama").Text("tokenizer.ggml.tokens").Number(9, 4);
  file.Number(8, 4).Number(5000, 8);
  for (int i = 0; i < 5000; ++i) file.Text(std::string(static_cast<size_t>(i % 40), 't'));
  file.String("general.long", std::string(9000, 'x')).Uint("llama.block_count", 7);
  file.Tensor("a", {32, 4}, 0, 0).Tensor("b", {32, 2}, 1, 512);
  const std::string bytes = file.bytes() + std::string(4096, 0);
  const Result<GgufHeader> whole = ReadGgufHeader(bytes, -1);
  ASSERT_TRUE(whole.ok());
  ASSERT_EQ(whole->needed_bytes, 0);
  ASSERT_EQ(whole->tensors.size(), 2u);
  for (const size_t slice : {1, 2, 7, 100, 4096, 65536, 1 << 20}) {
    const Result<GgufHeader> header = InSlices(bytes, slice, -1);
    ASSERT_TRUE(header.ok()) << slice << " " << header.error().Message();
    EXPECT_EQ(header->metadata, whole->metadata) << slice;
    EXPECT_EQ(header->data_start, whole->data_start) << slice;
    EXPECT_EQ(header->tensors[1].offset, 512) << slice;
    EXPECT_EQ(header->tensors[1].name, "b");
  }
}

TEST(GgufHeader, DamagedFilesGiveTheSameErrorInSlices) {
  GgufWriter file;
  file.Start(1, 3).String("general.architecture", "llama").Uint("llama.block_count", 7);
  file.Text("x").Number(9, 4).Number(8, 4).Number(3, 8).Text("a").Text("b").Text("c");
  file.Tensor("a", {32, 4}, 0, 0);
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = file.bytes() + std::string(600, 0);
    for (int i = 0; i < 2; ++i) bytes[random() % file.bytes().size()] = static_cast<char>(random());
    const auto size = static_cast<int64_t>(bytes.size());
    const Result<GgufHeader> whole = ReadGgufHeader(bytes, size);
    const Result<GgufHeader> pieces = InSlices(bytes, 1 + random() % 50, size);
    EXPECT_EQ(whole.ok(), pieces.ok()) << round;
    if (whole.ok() && pieces.ok()) {
      EXPECT_EQ(whole->metadata, pieces->metadata) << round;
    }
  }
}

}  // namespace
}  // namespace plimsoll
