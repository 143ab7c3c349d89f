// What the readers of the architecture families share while an Architecture grows: the config's readers, the
// shape that most layers have, and how the family names its tensors. Internal to the architecture reader.
#ifndef PLIMSOLL_CORE_ARCH_ARCHITECTURE_BUILDER_H_
#define PLIMSOLL_CORE_ARCH_ARCHITECTURE_BUILDER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/arch/architecture.h"
#include "core/arch/config_reader.h"

namespace plimsoll {

inline constexpr int32_t kMaxNorms = 8;

// Tensor names of a family; the defaults are Llama's. A module name stands without ".weight".
struct TensorNames {
  std::string model = "model.";  // before "embed_tokens" and "layers"
  std::string_view layer = "layers.{}.";
  std::string_view
      encoder_layer;  // of layers that see the whole input, where a decoder follows; empty: as layer
  std::string_view embedding = "embed_tokens";
  std::string_view positions;       // learnt positions of position_rows rows; empty: none
  std::string_view embedding_norm;  // a norm behind the embedding; empty: none
  bool embedding_norm_bias = true;
  int64_t position_rows = 0;
  bool head_bias = false;
  std::string_view final_norm = "norm";  // empty: none
  std::string head = "lm_head";
  std::string_view attention = "self_attn.";
  std::string_view q = "q_proj";
  std::string_view k = "k_proj";
  std::string_view v = "v_proj";
  std::string_view o = "o_proj";
  std::string_view qkv = "qkv_proj";
  std::string_view q_norm = "q_norm";
  std::string_view k_norm = "k_norm";
  bool whole_qk_norms = false;  // norms over all heads stay whole on every rank, which gathers them (OLMo)
  std::string_view sinks = "sinks";
  std::string_view gate_of_attention = "g_proj";
  std::string_view recurrent = "linear_attn.";
  std::string_view mlp = "mlp.";
  std::string_view gate = "gate_proj";
  std::string_view up = "up_proj";
  std::string_view down = "down_proj";
  std::string_view gate_up = "gate_up_proj";
  std::string_view moe = "mlp.";
  std::string_view router = "gate";
  std::string_view selection_bias = "gate.e_score_correction_bias";
  std::string_view experts = "experts.{e}.";
  std::string_view expert_gate = "gate_proj";
  std::string_view expert_up = "up_proj";
  std::string_view expert_down = "down_proj";
  bool stacked_experts = false;  // one parameter for all experts of a layer: gate_up, down
  std::string_view shared = "shared_experts.";
  std::string_view shared_gate_up;  // the shared expert's fused tensor; empty: gate and up apart
  std::string_view shared_gate_proj = "gate_proj";
  std::string_view shared_up = "up_proj";
  std::string_view shared_down = "down_proj";
  bool shared_beside_moe = false;  // the shared expert's name starts at the layer, not at the MoE module
  std::string_view shared_gate = "shared_expert_gate";
  std::string_view latent_in = "fc1_latent_proj";
  std::string_view latent_out = "fc2_latent_proj";
  std::string_view latent_norm = "routed_expert_norm";
  // Norms of hidden width in the order they act, with their ggml names. A layer without a mixer starts at the
  // second.
  std::string_view norms[kMaxNorms] = {"input_layernorm", "post_attention_layernorm"};
  std::string_view ggml_norms[kMaxNorms] = {"attn_norm", "ffn_norm"};
};

// Granite's experts are two stacked parameters (transformers modeling_granitemoe.py).
void NameGraniteExperts(TensorNames* names);

class TensorList;

enum class MtpStyle : uint8_t {
  kDeepseek,    // one more entry of model.layers: enorm, hnorm, eh_proj, shared_head.norm
  kQwen,        // mtp.: fc, two norms before it, one after
  kErnie,       // mtp_block, two norms, a projection
  kDeepseekV4,  // mtp.N: e_proj and h_proj apart, own mixing of the residual streams
  kNemotron,    // mtp.layers.0 (eh_proj, enorm, hnorm) and a final norm
  kStages,      // mtp.N: layers alone; what leads in and out, mtp_extras lists (DeepSeek-V4.1)
};

// Which layers attend to what, one per layer.
enum class LayerType : uint8_t { kFull, kSliding, kChunked, kLinear };

class ArchitectureBuilder {
 public:
  ArchitectureBuilder(const Json& config, std::string_view where);

  ConfigReader whole;  // the outermost object
  ConfigReader root;   // the same, or what an Omni model thinks with
  ConfigReader text;   // text_config / language_config where the config nests it, else root
  Architecture architecture;
  TensorNames names;
  LayerShape base;  // filled by ReadCommon: attention as the plain keys tell it, a dense MLP
  MtpStyle mtp_style = MtpStyle::kDeepseek;
  bool mtp_embeddings = false;       // by default: MTP layers carry copies of embedding and head
  bool mtp_own_head = false;         // MTP layers have a head that is not the model's (Step)
  bool mtp_head = true;              // and then of the head too, not of the embedding alone (LongCat)
  double partial_rotary_factor = 1;  // of rotary_dim to the head's width
  int64_t local_rotary_dim = 0;      // a second RoPE table for local layers (Gemma 3); 0: none
  bool multimodal_rope = false;      // mrope although the config does not write it out (Qwen3.5)
  int64_t rope_tables = 1;           // tables of the same kind that differ in their base
  int64_t global_head_dim = 0;       // full layers have wider heads than sliding ones (Gemma 4); 0: the same
  int64_t labels = 0;                // rows of a classifier that stands in the head's place; 0: none
  bool headless = false;             // no language-model head
  int64_t embedding_width = 0;       // of the table and of a head tied to it (OPT-350m); 0: hidden
  bool stream_head = true;           // residual streams are mixed once more in front of the head
  // Parameters beside the layers that the hub counts: names in full, elements.
  std::vector<std::pair<std::string_view, int64_t>> extras;
  int64_t per_layer_vocab = 0;  // rows of the second embedding (Gemma 4 E)

  // Tensors that only this family has: of every layer, and of the whole model. Run when the rest is listed.
  void (*layer_extras)(ArchitectureBuilder& builder, const LayerShape& shape, TensorList* list) = nullptr;
  void (*model_extras)(ArchitectureBuilder& builder, TensorList* list) = nullptr;
  void (*mtp_extras)(ArchitectureBuilder& builder, TensorList* list) = nullptr;
  // Towers that BuildVision does not know; its presence says that the checkpoint has some.
  void (*towers)(ArchitectureBuilder& builder) = nullptr;

  // Reads the text model as the family of that name would. False: no such family.
  bool ReadAs(std::string_view name);
  // How families are found (families.h), for ReadAs: given by the reader, as families do not know each other.
  void (*(*find_reader)(std::string_view name))(ArchitectureBuilder& builder) = nullptr;

  bool failed() const { return error_.has_value(); }
  const Error& error() const { return *error_; }

  // hidden, vocab, layers, heads, dtype, the plain attention and MLP keys. `head_dim` is what the family's
  // config class falls back to; 0: hidden / heads.
  void ReadCommon(bool tied_by_default, int64_t head_dim = 0);

  // The type that weights are stored in, by either name of the key.
  DType ReadType();

  // The group of layers with this shape, made when it is new; Append puts one more layer into it.
  int32_t GroupOf(const LayerShape& shape);
  void Append(int32_t group);
  void AppendAll(const LayerShape& shape);

  // layer_types of the config if it is there; otherwise every layer full.
  std::vector<LayerType> LayerTypes();
  // All layers alike but for what they attend to: `window` for sliding and chunked layers.
  void AppendByType(const std::vector<LayerType>& types, int64_t window);
  // As above, `moe` says which layers have `sparse` instead of the base's MLP.
  void AppendByType(const std::vector<LayerType>& types, int64_t window, const std::vector<uint8_t>& moe,
                    const Mlp& sparse);

  void Fail(const Error& error) {
    if (!error_.has_value()) error_ = error;
  }
  // Whether somebody has read this value of the config.
  bool HasRead(const Json* value) const;
  void Remark(std::string sentence) { architecture.remarks.push_back(std::move(sentence)); }

 private:
  std::optional<Error> error_;
  std::vector<const Json*> read_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_ARCHITECTURE_BUILDER_H_
