#include "core/arch/structural_keys.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string>

#include "core/base/units.h"

namespace plimsoll {
namespace {

// Which values say nothing; everywhere null, false, 0, "", [] and {} do.
enum class Neutral : uint8_t {
  kNothing,
  kOne,             // nor does 1
  kBias,            // nor does true where attention has its biases anyhow (Qwen2)
  kWithoutExperts,  // nor does 1, nor anything where the config says that there are no experts
  kExpertWidth,     // as before; or the width that the experts have
  kSharedExperts,   // as before; or the width or number of the shared ones that other keys have told
  kHeadWidth,       // a width that heads have
  kLayerTypes,      // a list of full attention only, or of the sparse attention that all layers have
  kSoftmaxOnly,     // a list of ones: MiniMax's word for softmax attention
  kQkNorm,          // nor does true where q and k are normed anyhow
  kKvHeads,         // the number of KV heads that there is
};

struct StructuralKey {
  std::string_view key;
  Neutral neutral;
};

constexpr StructuralKey kKeys[] = {
    // experts
    {"num_experts", Neutral::kOne},
    {"num_local_experts", Neutral::kOne},
    {"n_routed_experts", Neutral::kOne},
    {"moe_num_experts", Neutral::kOne},
    {"num_moe_experts", Neutral::kOne},
    {"enable_moe_block", Neutral::kNothing},
    {"ffn_config", Neutral::kNothing},
    {"moe", Neutral::kNothing},
    {"moe_intermediate_size", Neutral::kExpertWidth},
    {"expert_intermediate_size", Neutral::kExpertWidth},
    {"expert_hidden_dim", Neutral::kExpertWidth},
    {"expert_ffn_hidden_size", Neutral::kExpertWidth},
    {"moe_latent_size", Neutral::kWithoutExperts},
    {"routed_expert_hidden_size", Neutral::kWithoutExperts},
    {"n_shared_experts", Neutral::kSharedExperts},
    {"num_shared_experts", Neutral::kSharedExperts},
    {"num_shared_expert", Neutral::kSharedExperts},
    {"moe_num_shared_experts", Neutral::kSharedExperts},
    {"shared_expert_intermediate_size", Neutral::kSharedExperts},
    {"moe_shared_expert_intermediate_size", Neutral::kSharedExperts},
    {"shared_intermediate_size", Neutral::kSharedExperts},
    {"share_expert_dim", Neutral::kSharedExperts},
    {"zero_expert_num", Neutral::kWithoutExperts},
    {"first_k_dense_replace", Neutral::kWithoutExperts},
    {"num_dense_layers", Neutral::kWithoutExperts},
    {"moe_layer_freq", Neutral::kWithoutExperts},
    {"moe_layer_frequency", Neutral::kWithoutExperts},
    {"moe_layer_interval", Neutral::kWithoutExperts},
    {"moe_layer_start_index", Neutral::kWithoutExperts},
    {"moe_layers", Neutral::kWithoutExperts},
    {"mlp_layer_types", Neutral::kWithoutExperts},
    {"mlp_only_layers", Neutral::kWithoutExperts},
    {"decoder_sparse_step", Neutral::kWithoutExperts},
    {"interleave_moe_layer_step", Neutral::kWithoutExperts},
    {"expert_layer_period", Neutral::kWithoutExperts},
    {"intermediate_size_mlp", Neutral::kWithoutExperts},
    {"dense_intermediate_size", Neutral::kWithoutExperts},
    // attention
    {"kv_lora_rank", Neutral::kNothing},
    {"q_lora_rank", Neutral::kNothing},
    {"qk_nope_head_dim", Neutral::kNothing},
    {"v_head_dim", Neutral::kHeadWidth},
    {"o_lora_rank", Neutral::kNothing},
    {"o_groups", Neutral::kOne},
    {"index_n_heads", Neutral::kNothing},
    {"index_topk", Neutral::kNothing},
    {"index_kpool", Neutral::kNothing},
    {"index_source_layer_ids", Neutral::kNothing},
    {"indexer_types", Neutral::kNothing},
    {"compress_ratios", Neutral::kNothing},
    {"sparse_attention_config", Neutral::kNothing},
    {"cross_attention_layers", Neutral::kNothing},
    {"attn_config", Neutral::kNothing},
    {"attention_other_setting", Neutral::kNothing},
    {"attention_chunk_size", Neutral::kNothing},
    {"num_attention_heads_per_layer", Neutral::kNothing},
    {"num_attention_groups", Neutral::kKvHeads},
    {"multi_query_group_num", Neutral::kKvHeads},
    {"num_kv_heads", Neutral::kKvHeads},
    {"n_head_kv", Neutral::kKvHeads},
    {"multi_query", Neutral::kNothing},
    {"new_decoder_architecture", Neutral::kNothing},
    {"global_head_dim", Neutral::kHeadWidth},
    {"num_global_key_value_heads", Neutral::kKvHeads},
    {"attention_k_eq_v", Neutral::kNothing},
    {"num_kv_shared_layers", Neutral::kNothing},
    {"swa_num_attention_heads", Neutral::kNothing},
    {"swa_num_key_value_heads", Neutral::kNothing},
    {"swa_head_dim", Neutral::kHeadWidth},
    {"use_cla", Neutral::kNothing},
    {"use_mla", Neutral::kNothing},
    {"attn_output_gate", Neutral::kNothing},
    {"attention_output_gate", Neutral::kNothing},
    {"use_head_wise_attn_gate", Neutral::kNothing},
    {"use_qk_norm", Neutral::kQkNorm},
    {"qk_layernorm", Neutral::kQkNorm},
    {"add_swa_attention_sink_bias", Neutral::kNothing},
    {"add_full_attention_sink_bias", Neutral::kNothing},
    {"layer_types", Neutral::kLayerTypes},
    {"hybrid_layer_pattern", Neutral::kNothing},
    {"sliding_window_pattern", Neutral::kOne},
    {"attention_bias", Neutral::kBias},
    {"qkv_bias", Neutral::kBias},
    {"use_qkv_bias", Neutral::kBias},
    {"add_qkv_bias", Neutral::kBias},
    {"mlp_bias", Neutral::kNothing},
    {"use_bias", Neutral::kNothing},
    {"bias", Neutral::kNothing},
    {"lm_head_bias", Neutral::kNothing},
    // recurrent layers and layers that differ
    {"layers_block_type", Neutral::kLayerTypes},
    {"hybrid_override_pattern", Neutral::kNothing},
    {"hybrid_layer_ids", Neutral::kNothing},
    {"block_configs", Neutral::kNothing},
    {"attn_type_list", Neutral::kSoftmaxOnly},
    {"attn_layer_indices", Neutral::kNothing},
    {"attn_layer_period", Neutral::kNothing},
    {"full_attn_idxs", Neutral::kNothing},
    {"linear_attn_config", Neutral::kNothing},
    {"linear_num_value_heads", Neutral::kNothing},
    {"layer_group_size", Neutral::kOne},
    {"conv_L_cache", Neutral::kNothing},
    {"mamba_d_state", Neutral::kNothing},
    {"mamba_n_heads", Neutral::kNothing},
    {"mamba_num_heads", Neutral::kNothing},
    {"ssm_state_size", Neutral::kNothing},
    {"state_size", Neutral::kNothing},
    // beside the layers
    {"hc_mult", Neutral::kOne},
    {"hc_count", Neutral::kOne},
    {"attn_res_block_size", Neutral::kNothing},
    {"altup_num_inputs", Neutral::kNothing},
    {"laurel_rank", Neutral::kNothing},
    {"hidden_size_per_layer_input", Neutral::kNothing},
    {"engram_layer_ids", Neutral::kNothing},
    {"kv_source_layer_ids", Neutral::kNothing},
    {"ple_layer_ids", Neutral::kNothing},
    {"ngram_vocab_size_ratio", Neutral::kNothing},
    {"embedding_size", Neutral::kNothing},
    {"word_embed_proj_dim", Neutral::kNothing},
    {"total_ut_steps", Neutral::kOne},
    {"loop_num", Neutral::kOne},
    {"share_q_dim", Neutral::kNothing},
    {"num_query_heads", Neutral::kNothing},
    {"moe_num_primary_experts", Neutral::kOne},
    {"experts_per_group", Neutral::kWithoutExperts},
    {"n_shared_head", Neutral::kOne},
    {"param_sink_number", Neutral::kNothing},
    {"sandwich_norm", Neutral::kNothing},
    {"prefix_dense_intermediate_size", Neutral::kWithoutExperts},
};

// The same by name: a config has fewer members than there are keys, and each is looked up once.
constexpr auto kByName = [] {
  std::array<StructuralKey, std::size(kKeys)> keys{};
  for (size_t i = 0; i < keys.size(); ++i) {
    size_t at = i;
    for (; at > 0 && kKeys[i].key < keys[at - 1].key; --at) keys[at] = keys[at - 1];
    keys[at] = kKeys[i];
  }
  return keys;
}();

const StructuralKey* FindKey(std::string_view name) {
  const auto found =
      std::lower_bound(kByName.begin(), kByName.end(), name,
                       [](const StructuralKey& key, std::string_view wanted) { return key.key < wanted; });
  return found != kByName.end() && found->key == name ? &*found : nullptr;
}

// Layers that predict further tokens. Leaving them out changes no other layer, so it is said, not refused.
constexpr std::string_view kMtpKeys[] = {"num_nextn_predict_layers", "mtp_num_hidden_layers",
                                         "num_mtp_modules", "num_mtp_layers"};

constexpr std::string_view kExpertCounts[] = {"num_experts", "num_local_experts", "n_routed_experts",
                                              "moe_num_experts", "num_moe_experts"};

bool SaysNothing(const Json& value) {
  if (value.is_null()) return true;
  if (const std::optional<bool> flag = value.AsBool()) return !*flag;
  if (const std::optional<double> number = value.AsDouble()) return *number == 0;
  if (value.is_string()) return value.AsString().empty();
  return value.items().empty() && value.members().empty();
}

template <typename Test>
bool AllItems(const Json& list, Test test) {
  return list.is_array() && std::all_of(list.items().begin(), list.items().end(), test);
}

bool AllFull(const Json& list) {
  return AllItems(list, [](const Json& item) {
    return item.AsString() == "full_attention" || item.AsString() == "attention";
  });
}

class Check {
 public:
  explicit Check(ArchitectureBuilder& builder) : builder_(builder) {}

  void Run() {
    for (const Json::Member& member : builder_.text.json()->members()) {
      const StructuralKey* key = FindKey(member.first);
      if (key == nullptr) continue;
      const Json* value = builder_.text.json()->Find(member.first);
      if (value == nullptr || SaysNothing(*value) || builder_.HasRead(value)) continue;
      if (!IsNeutral(key->neutral, *value)) return Refuse(key->key);
    }
    for (const std::string_view key : kMtpKeys) {
      const Json* value = builder_.text.json()->Find(key);
      if (value == nullptr || SaysNothing(*value) || builder_.HasRead(value)) continue;
      return builder_.Remark("The config counts layers that predict further tokens (" + std::string(key) +
                             ") but " + builder_.architecture.name +
                             "'s are not described here; their weights are left out.");
    }
  }

 private:
  template <typename Test>
  bool AnyLayer(Test test) const {
    const auto& groups = builder_.architecture.groups;
    return std::any_of(groups.begin(), groups.end(),
                       [&test](const LayerGroup& group) { return test(group.shape); });
  }

  // The config counts experts and finds none, or one (Hunyuan's dense models).
  bool SaysNoExperts() const {
    return std::any_of(std::begin(kExpertCounts), std::end(kExpertCounts), [this](std::string_view key) {
      const Json* value = builder_.text.json()->Find(key);
      return value != nullptr && (SaysNothing(*value) || value->AsInt() == 1);
    });
  }

  bool IsNeutral(Neutral neutral, const Json& value) const {
    const int64_t number = value.AsInt().value_or(-1);
    switch (neutral) {
      case Neutral::kNothing:
        return false;
      case Neutral::kOne:
        // Or the number of experts that another spelling has told.
        return number == 1 || AnyLayer([number](const LayerShape& shape) {
                 return shape.mlp.kind == MlpKind::kMoe && shape.mlp.experts == number;
               });
      case Neutral::kBias:
        return AnyLayer([](const LayerShape& shape) { return shape.attention.qkv_bias; });
      case Neutral::kWithoutExperts:
        return number == 1 || SaysNoExperts();
      case Neutral::kExpertWidth:
        return SaysNoExperts() || AnyLayer([number](const LayerShape& shape) {
                 return shape.mlp.kind == MlpKind::kMoe && shape.mlp.expert_intermediate == number;
               });
      case Neutral::kSharedExperts:
        return SaysNoExperts() || AnyLayer([number](const LayerShape& shape) {
                 const Mlp& mlp = shape.mlp;
                 return mlp.kind == MlpKind::kMoe && mlp.shared_intermediate > 0 &&
                        (number == mlp.shared_intermediate ||
                         internal::SaturatingMultiply(number, mlp.expert_intermediate) ==
                             mlp.shared_intermediate);
               });
      case Neutral::kHeadWidth:
        return AnyLayer([number](const LayerShape& shape) {
          return shape.attention.key_dim == number || shape.attention.value_dim == number;
        });
      case Neutral::kLayerTypes:
        return AllFull(value) ||
               (AllItems(value,
                         [](const Json& item) { return item.AsString() == "deepseek_sparse_attention"; }) &&
                AnyLayer([](const LayerShape& shape) { return shape.attention.index_dim > 0; }));
      case Neutral::kSoftmaxOnly:
        return AllItems(value, [](const Json& item) { return item.AsInt() == 1; });
      case Neutral::kQkNorm:
        return AnyLayer([](const LayerShape& shape) { return shape.attention.qk_norm != QkNorm::kNone; });
      case Neutral::kKvHeads:
        return AnyLayer([number](const LayerShape& shape) { return shape.attention.kv_heads == number; });
    }
    return false;
  }

  void Refuse(std::string_view key) {
    builder_.text.Refuse(key, "nothing of the kind: " + builder_.architecture.name +
                                  " does not have it, as far as we know, and without it the answer would be "
                                  "another model's");
  }

  ArchitectureBuilder& builder_;
};

}  // namespace

void RefuseUnreadStructure(ArchitectureBuilder& builder) { Check(builder).Run(); }

std::vector<std::string_view> StructuralKeys() {
  std::vector<std::string_view> keys;
  for (const StructuralKey& key : kKeys) keys.push_back(key.key);
  return keys;
}

}  // namespace plimsoll
