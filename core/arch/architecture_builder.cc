#include "core/arch/architecture_builder.h"

#include <algorithm>
#include <utility>

namespace plimsoll {

namespace {

constexpr size_t kMaxGroups = 256;

const Json* TextObject(const Json& config) {
  for (const std::string_view key : {"text_config", "language_config", "llm_config"}) {
    const Json* nested = config.Find(key);
    if (nested != nullptr && nested->is_object()) return nested;
  }
  return &config;
}

std::string TextWhere(const Json& config, std::string_view where) {
  for (const std::string_view key : {"text_config", "language_config", "llm_config"}) {
    const Json* nested = config.Find(key);
    if (nested == nullptr || !nested->is_object()) continue;
    return where.empty() ? std::string(key) : std::string(where) + "." + std::string(key);
  }
  return std::string(where);
}

DType ReadDType(ConfigReader& reader, DType fallback) {
  const std::string_view key = reader.Has("dtype") ? "dtype" : "torch_dtype";
  std::string_view name = reader.Text(key, "");
  if (name.empty()) return fallback;
  if (name.substr(0, 6) == "torch.") name.remove_prefix(6);
  if (name == "bfloat16") return DType::kBf16;
  if (name == "float16" || name == "half") return DType::kFp16;
  if (name == "float32" || name == "float") return DType::kFp32;
  reader.Refuse(key, "bfloat16, float16 or float32");
  return fallback;
}

}  // namespace

ArchitectureBuilder::ArchitectureBuilder(const Json& config, std::string_view where)
    : whole(&config, std::string(where), &error_, &read_),
      root(&config, std::string(where), &error_, &read_),
      text(TextObject(config), TextWhere(config, where), &error_, &read_) {
  read_.reserve(128);
}

bool ArchitectureBuilder::HasRead(const Json* value) const {
  return std::find(read_.begin(), read_.end(), value) != read_.end();
}

DType ArchitectureBuilder::ReadType() { return ReadDType(text, ReadDType(root, DType::kBf16)); }

void ArchitectureBuilder::ReadCommon(bool tied_by_default, int64_t head_dim) {
  Architecture& a = architecture;
  a.dtype = ReadType();
  a.hidden = text.Required({"hidden_size", "n_embd", "n_embed", "d_model"}, 1, kMaxWidth);
  a.vocab = text.Required({"vocab_size", "padded_vocab_size"}, 1, kMaxVocab);
  if (a.layers == 0)
    a.layers = text.Required({"num_hidden_layers", "n_layer", "num_layers", "n_layers"}, 1, kMaxLayers);
  a.max_positions = text.Int({"max_position_embeddings", "model_max_length", "max_sequence_length",
                              "n_positions", "seq_length", "max_seq_len"},
                             2048, 1, kMaxPositions);
  a.tied_embeddings = text.Bool("tie_word_embeddings", root.Bool("tie_word_embeddings", tied_by_default));

  Attention& attention = base.attention;
  attention.kind = AttentionKind::kFull;
  attention.heads = text.Required(
      {"num_attention_heads", "n_head", "n_heads", "decoder_attention_heads", "num_heads", "attention_heads"},
      1, kMaxHeads);
  attention.kv_heads =
      text.Int({"num_key_value_heads", "num_kv_heads", "n_head_kv"}, attention.heads, 1, kMaxHeads);
  if (!failed() && attention.heads % attention.kv_heads != 0) {
    text.Refuse(text.Has("num_key_value_heads") ? "num_key_value_heads" : "num_kv_heads",
                "a divisor of num_attention_heads (" + std::to_string(attention.heads) + ")");
  }
  const int64_t fallback = head_dim != 0 ? head_dim : a.hidden / attention.heads;
  attention.key_dim = text.Int({"head_dim", "attention_head_dim"}, fallback, 1, kMaxHeadDim);
  if (attention.key_dim == 0) {
    text.Fail("num_attention_heads", std::to_string(attention.heads),
              "at most hidden_size (" + std::to_string(a.hidden) + ") without head_dim");
    attention.key_dim = 1;
  }
  attention.value_dim = attention.key_dim;

  base.mlp.kind = MlpKind::kDense;
}

bool ArchitectureBuilder::ReadAs(std::string_view name) {
  void (*read)(ArchitectureBuilder&) = find_reader == nullptr ? nullptr : find_reader(name);
  if (read == nullptr) return false;
  // Some readers tell relatives apart by the name.
  std::string own(name);
  std::swap(architecture.name, own);
  read(*this);
  std::swap(architecture.name, own);
  return true;
}

void NameGraniteExperts(TensorNames* names) {
  names->moe = "block_sparse_moe.";
  names->router = "router.layer";
  names->stacked_experts = true;
  names->experts = "";
  names->gate_up = "input_linear";
  names->expert_down = "output_linear";
  names->shared = "shared_mlp.";
  names->shared_beside_moe = true;
  names->shared_gate_up = "input_linear";
  names->shared_down = "output_linear";
}

int32_t ArchitectureBuilder::GroupOf(const LayerShape& shape) {
  std::vector<LayerGroup>& groups = architecture.groups;
  for (size_t i = groups.size(); i-- > 0;) {
    if (groups[i].shape == shape) return static_cast<int32_t>(i);
  }
  if (groups.size() >= kMaxGroups) {
    text.Fail("num_hidden_layers", "more than 256 different layers", "at most 256 different layers");
    return static_cast<int32_t>(groups.size()) - 1;
  }
  LayerGroup group;
  group.shape = shape;
  groups.push_back(group);
  return static_cast<int32_t>(groups.size()) - 1;
}

void ArchitectureBuilder::Append(int32_t group) {
  ++architecture.groups[static_cast<size_t>(group)].count;
  architecture.layer_group.push_back(static_cast<uint16_t>(group));
}

void ArchitectureBuilder::AppendAll(const LayerShape& shape) {
  const int32_t group = GroupOf(shape);
  for (int64_t i = 0; i < architecture.layers; ++i) Append(group);
}

std::vector<LayerType> ArchitectureBuilder::LayerTypes() {
  std::vector<LayerType> types;
  for (const std::string_view name : text.Texts("layer_types", architecture.layers)) {
    if (name == "full_attention" || name == "attention" || name == "global_attention") {
      types.push_back(LayerType::kFull);
    } else if (name == "sliding_attention" || name == "local_attention") {
      types.push_back(LayerType::kSliding);
    } else if (name == "chunked_attention") {
      types.push_back(LayerType::kChunked);
    } else if (name == "linear_attention" || name == "mamba" || name == "recurrent") {
      types.push_back(LayerType::kLinear);
    } else {
      text.Fail("layer_types", Quoted(name),
                "full_attention, sliding_attention, chunked_attention, linear_attention, mamba");
      break;
    }
  }
  types.resize(static_cast<size_t>(architecture.layers), LayerType::kFull);
  return types;
}

void ArchitectureBuilder::AppendByType(const std::vector<LayerType>& types, int64_t window) {
  AppendByType(types, window, {}, {});
}

void ArchitectureBuilder::AppendByType(const std::vector<LayerType>& types, int64_t window,
                                       const std::vector<uint8_t>& moe, const Mlp& sparse) {
  int32_t known[4][2] = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
  for (size_t i = 0; i < types.size(); ++i) {
    const bool is_sparse = i < moe.size() && moe[i] != 0;
    int32_t& group = known[static_cast<int>(types[i])][is_sparse ? 1 : 0];
    if (group < 0) {
      LayerShape shape = base;
      if (types[i] == LayerType::kLinear) {
        text.Fail("layer_types", Quoted("linear_attention"),
                  "full_attention, sliding_attention or chunked_attention in " + architecture.name);
      }
      if (types[i] == LayerType::kSliding || types[i] == LayerType::kChunked) {
        // A window that holds every position the model knows never cuts anything off.
        const bool cuts = window > 0 && window < architecture.max_positions;
        if (cuts) {
          shape.attention.kind =
              types[i] == LayerType::kSliding ? AttentionKind::kSliding : AttentionKind::kChunked;
          shape.attention.window = window;
        }
      }
      if (is_sparse) shape.mlp = sparse;
      group = GroupOf(shape);
    }
    Append(group);
  }
}

}  // namespace plimsoll
