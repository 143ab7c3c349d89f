// What a model is made of, read from the keys of its Hugging Face config.json.
//
// Layers that are alike are one LayerGroup with a count, so that whatever is computed from an Architecture
// costs by the number of different layers, not by the number of layers.
//
// Shapes are in elements; windows and positions in tokens.
#ifndef PLIMSOLL_CORE_ARCH_ARCHITECTURE_H_
#define PLIMSOLL_CORE_ARCH_ARCHITECTURE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/arch/model_traits.h"
#include "core/base/json.h"
#include "core/formats/dtype.h"
#include "core/formats/gguf_tensor.h"

namespace plimsoll {

enum class AttentionKind : uint8_t {
  kNone,
  kFull,           // every earlier token
  kSliding,        // the last `window` tokens
  kChunked,        // tokens of the same chunk of `window` (Llama 4)
  kLatent,         // MLA: one latent of kv_lora_rank + rope_dim per token
  kCompressed,     // DeepSeek-V4: sliding window plus keys compressed by `compress_ratio`
  kBidirectional,  // the whole input at once, before and behind (encoders): nothing is cached
};

enum class QkNorm : uint8_t {
  kNone,
  kPerHead,    // one vector of key_dim, shared by all heads
  kFullWidth,  // heads * key_dim for q, kv_heads * key_dim for k
};

struct Attention {
  AttentionKind kind = AttentionKind::kNone;
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t key_dim = 0;    // per head; MLA: nope_dim + rope_dim
  int64_t value_dim = 0;  // per head
  int64_t window = 0;     // kSliding, kChunked, kCompressed
  int64_t q_lora_rank = 0;
  int64_t kv_lora_rank = 0;
  int64_t rope_dim = 0;
  int64_t nope_dim = 0;
  int64_t compress_ratio = 0;  // kCompressed: tokens per compressed key; 0: window only
  int64_t o_groups = 0;        // DeepSeek-V4: output projection in groups over a latent of o_lora_rank each
  int64_t o_lora_rank = 0;
  int64_t gate_rows = 0;    // rows of a separate output gate (Kimi-K3, Step); 0: none
  int64_t index_heads = 0;  // sparse-attention indexer (DeepSeek-V3.2, GLM-5, MiniMax-M3); 0: none
  int64_t index_dim = 0;    // elements that the indexer caches per token
  int64_t index_topk = 0;
  int64_t index_block = 0;    // the indexer chooses blocks of that many tokens (MiniMax-M3); 0: single tokens
  int64_t index_pool = 0;     // tokens that share one index key, kept in 16 bits (Qwen4Exp); 0: one each
  bool shares_kv = false;     // reads another layer's cache and keeps none (Gemma 3n, Gemma 4)
  bool stores_kv = false;     // and holds k and v projections all the same (Gemma 3n)
  bool key_is_value = false;  // no v_proj weight (Gemma 4 global layers)
  bool index_shared = false;  // takes the tokens that an earlier layer's indexer chose: no indexer of its own
  QkNorm qk_norm = QkNorm::kNone;
  bool qkv_bias = false;
  bool o_bias = false;
  bool sinks = false;         // one learnt logit per head (gpt-oss, MiMo sliding layers)
  bool query_gate = false;    // q_proj is twice as wide and carries an output gate (Qwen3-Next, Qwen3.5)
  bool fused_qkv = false;     // the checkpoint holds q, k and v in one tensor (Phi-3, Falcon)
  bool rope = true;           // rotary embedding in this layer
  bool listed_apart = false;  // the family lists its weights itself: what layers share, odd biases
  friend bool operator==(const Attention&, const Attention&) = default;
};

// Attention from a text layer to what an encoder made of a sequence's sound or images. Its keys and values
// are kept for as long as the sequence lives, whatever the text's length.
struct CrossAttention {
  int64_t heads = 0;  // 0: none
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t source_tokens = 0;  // encoder outputs of one sequence, at most
  friend bool operator==(const CrossAttention&, const CrossAttention&) = default;
};

enum class RecurrentKind : uint8_t {
  kNone,
  kGatedDeltaNet,
  kKimiDelta,
  kMamba1,
  kMamba2,
  kLightning,
  kShortConvolution,  // LFM2: a gated convolution and no further state
  kRwkv,              // RWKV: the last inputs of both halves of a layer, and one matrix per head
};

// The state that a sequence carries through the layer, whatever its length.
struct Recurrent {
  RecurrentKind kind = RecurrentKind::kNone;
  int64_t conv_kernel = 0;    // taps; the state keeps conv_kernel - 1 columns
  int64_t conv_channels = 0;  // columns' height before sharding
  int64_t inner = 0;          // Mamba: d_inner
  int64_t heads = 0;          // value heads
  int64_t key_heads = 0;      // GDN: query/key heads
  int64_t head_dim = 0;       // value head width
  int64_t key_dim = 0;        // GDN, KDA: key head width
  int64_t state_dim = 0;      // Mamba: d_state
  int64_t groups = 0;         // Mamba2: n_groups
  int64_t dt_rank = 0;        // Mamba1; Mamba2: B, C and dt of the inner width through a low rank (PLaMo 2)
  bool state_fp32 = false;    // the config asks for a float32 state
  bool conv_bias = false;
  bool proj_bias = false;
  bool gated_norm = false;      // RMSNorm inside the mixer (Mamba2, GDN, KDA, lightning)
  bool input_norms = false;     // norms of dt, B and C (Jamba, PLaMo 2)
  bool fused_in_proj = false;   // GDN: qkvz and ba are one tensor each (Qwen3-Next) or four (Qwen3.5)
  bool qk_norm = false;         // lightning: a norm of the head's width on q and k (Ling 2.5)
  bool full_rank_gate = false;  // KDA: output gate without the low-rank pair (Kimi-K3)
  bool mixes_values = false;    // RWKV: every layer but the first takes part of the first one's values
  friend bool operator==(const Recurrent&, const Recurrent&) = default;
};

enum class MlpKind : uint8_t { kNone, kDense, kMoe };

struct Mlp {
  MlpKind kind = MlpKind::kNone;
  bool gated = true;         // gate and up, or up only
  int64_t intermediate = 0;  // dense width
  int64_t experts = 0;
  int64_t experts_per_token = 0;
  int64_t expert_intermediate = 0;
  int64_t expert_hidden = 0;        // what an expert reads: hidden, or the latent width of LatentMoE
  int64_t shared_intermediate = 0;  // all shared experts together; 0: none
  bool bias = false;                // on every projection, experts included
  bool down_bias = false;           // on the dense MLP's last projection alone (TeleChat2)
  bool router_bias = false;         // a bias of the router's linear layer (gpt-oss)
  bool selection_bias = false;      // e_score_correction_bias: one float per expert
  bool shared_gate = false;         // a gate of one row before the shared expert (Qwen)
  bool latent_norm = false;         // LatentMoE with a norm on the latent (Kimi-K3)
  bool hashed_router = false;       // experts by token id, from a table of the vocabulary (DeepSeek-V4)
  bool fused_gate_up = false;       // the checkpoint holds gate and up in one tensor (Phi-3, GLM-4, gpt-oss)
  int64_t zero_experts = 0;         // rows of the router that lead to no weights (LongCat)
  int64_t activation_scalars = 0;   // learnt numbers of the activation function (Apertus)
  bool scaled_router = false;       // scales of the router's input and of each expert (Gemma 4 MoE)
  bool dense_beside = false;        // a dense MLP of `intermediate` runs beside the experts (Gemma 4 MoE)
  bool listed_apart = false;        // the family lists its weights itself: odd biases, odd sharding
  friend bool operator==(const Mlp&, const Mlp&) = default;
};

struct LayerShape {
  Attention attention;
  CrossAttention cross;
  Recurrent recurrent;  // beside attention in Falcon-H1, instead of it elsewhere
  Mlp mlp;
  int64_t hyper_connections =
      0;  // parallel residual streams with learnt mixing (DeepSeek-V4); 0: one, as usual
  int64_t per_layer_input = 0;  // width of a second embedding that is added in the layer (Gemma 4 E); 0: none
  int64_t altup = 0;            // parallel predictions of the residual stream (Gemma 3n); 0: none
  int64_t laurel_rank = 0;      // a low-rank residual beside attention (Gemma 3n); 0: none
  bool attention_residuals = false;  // learnt weights over earlier blocks' outputs (Kimi-K3)
  bool layer_scalar = false;         // one learnt number scales the layer (Gemma 4)
  int32_t norms = 2;                 // norms of hidden width in the layer
  bool norm_bias = false;            // LayerNorm with bias (StarCoder2, Falcon)
  friend bool operator==(const LayerShape&, const LayerShape&) = default;
};

struct LayerGroup {
  LayerShape shape;
  int32_t count = 0;
};

// What a tensor is for; the row of the inventory table that it belongs to.
enum class TensorRole : uint8_t {
  kEmbedding,
  kHead,
  kAttention,
  kRecurrent,
  kMlp,
  kExpert,
  kSharedExpert,
  kRouter,
  kNorm,
  kIndexer,
  kVision,
  kAudio,
  kProjector,
  kOther,
};
std::string_view RoleName(TensorRole role);
std::string RoleTitle(TensorRole role);  // the same as a name on its own: "MLP", "Attention"

// Which part of the checkpoint a tensor belongs to. kVision: towers of images and of sound, and what leads
// from them into the text.
enum class TensorPart : uint8_t { kText, kVision, kMtp };

// How vLLM cuts a tensor over tp ranks. Sources:
// vllm/model_executor/layers/{linear,vocab_parallel_embedding}.py.
enum class Sharding : uint8_t {
  kReplicated,
  kRows,     // output features / tp (ColumnParallelLinear)
  kColumns,  // input features / tp (RowParallelLinear)
  kKvRows,   // of the rows, kv_rows go by KV head: / min(tp, kv_heads), replicated beyond; the rest / tp.
             // (QKVParallelLinear; Mamba2's groups shard alike: vllm/.../mamba/mamba_mixer2.py)
  kVocab,    // rows padded to a multiple of 64, then / tp
  kExpert,   // one tensor per expert: intermediate / tp, or whole experts / ep with expert parallelism
};

// Where the sharded dimension of an expert tensor lies: gate/up by rows, down by columns.
struct Tensor {
  std::string name;  // Hugging Face name; "{}" stands for the layer, "{e}" for the expert
  std::string_view
      ggml;  // what llama.cpp calls its module, the same in every family: "attn_q", "ffn_gate_exps",
             // "token_embd", "ssm_dt"; vectors of a module share its name. Empty: it has none.
  TensorRole role = TensorRole::kOther;
  TensorPart part = TensorPart::kText;
  Sharding sharding = Sharding::kReplicated;
  bool expert_by_columns = false;  // kExpert only
  bool linear = false;     // the weight of an nn.Linear: what quantisers touch; of an embedding: a table
                           // of which a token reads one row, stored like a matrix (engrams)
  bool fp32 = false;       // stored in float32 whatever the model's dtype is
  int64_t rows = 0;        // output features; for a vector its length
  int64_t columns = 1;     // input features; 1 for a vector
  int64_t copies = 1;      // tensors of this shape in one layer (experts)
  int32_t group = -1;      // index into Architecture::groups; -1: once in the model
  int32_t kv_heads = 0;    // kKvRows: how many KV heads (or Mamba2 groups) kv_rows hold
  int64_t kv_rows = 0;     // kKvRows: rows that go by KV head; all of them but in fused tensors
  bool duplicate = false;  // stored although another tensor holds the same values (tied lm_head, MTP's
                           // own embeddings) or no engine loads it (Omni's talker): in the file and in
                           // the hub's total, not in memory
  int64_t times = 1;       // copies * layers of the group (or of the MTP/vision stack): how many in the model
  uint16_t quantized_by =
      0;  // a bit for each FormatFamily whose usual tool quantises this tensor (PrepareFormats)
  int64_t elements() const;  // rows * columns, saturating
};

// The vision tower as far as its memory needs it. layers == 0: none.
struct VisionTower {
  int64_t layers = 0;
  int64_t layers_used = 0;  // that an engine loads: up to the layer whose features the model takes (LLaVA)
  int64_t hidden = 0;
  int64_t heads = 0;
  int64_t intermediate = 0;
  int64_t patch_size = 0;
  int64_t image_size = 0;        // largest side in pixels; 0: not fixed by the config
  int64_t merge = 1;             // merge x merge patches become one token
  int64_t tokens_per_image = 0;  // 0: depends on the image's size
  int64_t deepstack_layers = 0;  // Qwen3-VL: extra features that travel with each token
};

struct Architecture {
  std::string name;        // "LlamaForCausalLM"
  std::string model_type;  // "llama"
  ModelTraits traits;      // what no key of the config tells
  DType dtype = DType::kBf16;
  int64_t hidden = 0;
  int64_t vocab = 0;
  int64_t layers = 0;
  int64_t max_positions = 0;
  int64_t scaled_positions = 0;  // the same stretched by the rope's scaling, as vLLM serves it
  // Stretched only where the scaling names no original length (SGLang).
  int64_t stretched_positions = 0;
  int64_t rotary_dim = 0;  // width of the RoPE table; 0: no rotary embedding
  int64_t rope_table_elements =
      0;  // rows * width over vLLM's RoPE tables: one per distinct rope of the model
  int64_t rope_tables_positions = 0;  // the same in rows of rotary_dim, rounded up
  bool rope_table_fp32 = false;       // it stays float32: DeepSeek's YaRN, read by FlashInfer's kernel
                                      // (vllm/.../rotary_embedding/deepseek_scaling_rope.py)
  bool rope_factors = false;  // llama3 or longrope scaling: GGUF stores rope_freqs / rope_factors_*.weight
  bool tied_embeddings = false;
  bool fp4_experts = false;  // the publisher stores routed experts in FP4 ("expert_dtype")
  bool has_vision = false;
  VisionTower vision;
  int64_t mtp_layers = 0;  // multi-token-prediction layers that the checkpoint stores
  LayerShape mtp_shape;    // of each of them
  std::vector<LayerGroup> groups;
  std::vector<uint16_t> layer_group;  // for each layer, in order, its index into groups
  std::vector<Tensor> tensors;        // the whole inventory: text, vision, MTP
  std::vector<GgufTensor> gguf;       // the same as a GGUF file holds it (PrepareFormats)
  Json quantization_config;           // as published inside the config; null: none
  bool quantization_of_text = false;  // it stands among the text model's keys and concerns that alone

  std::vector<std::string> remarks;  // what the config does not define, in one sentence each

  // The widest values, used for activations.
  int64_t max_intermediate = 0;  // dense MLP

  // How many of the first `layer` layers belong to `group`: what a pipeline stage holds is a difference of
  // two.
  int32_t LayersBefore(int32_t group, int32_t layer) const {
    return layers_before[static_cast<size_t>(layer) * groups.size() + static_cast<size_t>(group)];
  }
  std::vector<uint16_t> layers_before;  // (layers + 1) rows of groups.size()
};

struct ParameterCounts {
  int64_t total = 0;   // everything that the checkpoint stores, as the hub counts it
  int64_t text = 0;    // without vision tower, MTP layers and duplicated heads
  int64_t active = 0;  // text parameters that one token touches: routed experts_per_token of experts
};
ParameterCounts CountParameters(const Architecture& architecture);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_ARCHITECTURE_H_
