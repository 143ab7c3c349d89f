// Lists the tensors of a tower (of images or of sound) and of its projector: the blocks that many towers
// share. llama.cpp keeps towers in a separate mmproj file, so none has a GGUF name. Internal to the
// architecture reader.
#ifndef PLIMSOLL_CORE_ARCH_TOWER_BUILDER_H_
#define PLIMSOLL_CORE_ARCH_TOWER_BUILDER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "core/arch/architecture_builder.h"
#include "core/arch/tensor_list.h"

namespace plimsoll {

// What the modules of a transformer block are called; the defaults are CLIP's and SigLIP's.
struct TowerNames {
  std::string_view first_norm = "layer_norm1";
  std::string_view second_norm = "layer_norm2";
  std::string_view q = "self_attn.q_proj";
  std::string_view k = "self_attn.k_proj";
  std::string_view v = "self_attn.v_proj";
  std::string_view qkv;  // one tensor for all three; empty: apart
  std::string_view o = "self_attn.out_proj";
  std::string_view gate;  // empty: a plain MLP of up and down
  std::string_view up = "mlp.fc1";
  std::string_view down = "mlp.fc2";
};

// The blocks of a tower, all alike.
struct TowerBlocks {
  int64_t hidden = 0;
  int64_t intermediate = 0;
  bool rms = false;  // norms without bias
  bool qkv_bias = true;
  bool key_bias = true;  // Whisper's keys have none
  bool o_bias = true;
  bool mlp_bias = true;
  TowerNames names;
};

class TowerBuilder {
 public:
  // `whole`: the class comes from transformers, so that vLLM keeps it whole on every rank.
  explicit TowerBuilder(ArchitectureBuilder* builder, bool whole = false)
      : list_(&builder->architecture.tensors), whole_(whole) {}

  // What stands before the following names, and in how many layers they repeat.
  void Enter(std::string prefix, int64_t layers = 1, TensorRole role = TensorRole::kVision);
  void KeepWhole(bool whole) { whole_ = whole; }

  void LayerNorm(std::string_view name, int64_t width);
  void RmsNorm(std::string_view name, int64_t width);
  void Linear(std::string_view name, int64_t rows, int64_t columns, bool bias,
              Sharding sharding = Sharding::kRows);
  // A pair of linear layers with biases, the second cut by columns.
  void TwoLinears(std::string_view first, std::string_view second, int64_t in, int64_t middle, int64_t out);
  // "<name>.weight", and its bias: convolutions, embeddings.
  void Weight(std::string_view name, int64_t rows, int64_t columns = 1);
  void Bias(std::string_view name, int64_t rows);
  void Convolution(std::string_view name, int64_t out, int64_t in_and_taps);
  void Parameter(std::string_view name, int64_t rows, int64_t columns = 1);
  // Stored, but loaded by no engine.
  void Unloaded(std::string_view name, int64_t elements);

  void Blocks(const TowerBlocks& blocks);

  // CLIP's tower (modeling_clip.py): `positions` of patches beside the class token's.
  struct Clip {
    int64_t hidden = 0, layers = 0, intermediate = 0, patch_elements = 0, positions = 0;
    bool post_norm = true;
  };
  void AddClip(const std::string& prefix, const Clip& clip);

  // SigLIP's tower (modeling_siglip.py), with or without its pooling head.
  struct Siglip {
    int64_t hidden = 0, layers = 0, intermediate = 0, patch_elements = 0, positions = 0;
    bool pooling_head = false;
  };
  void AddSiglip(const std::string& prefix, const Siglip& siglip);

  // A Whisper encoder (modeling_whisper.py); positions 0: none stored.
  struct Whisper {
    int64_t hidden = 0, layers = 0, intermediate = 0, mel_bins = 0, positions = 0;
    std::string_view last_norm = "layer_norm";
  };
  void AddWhisper(const std::string& prefix, const Whisper& whisper);

 private:
  Sharding Cut(Sharding sharding) const { return whole_ ? Sharding::kReplicated : sharding; }
  void Norm(std::string_view name, int64_t width, bool rms);

  TensorList list_;
  TensorRole role_ = TensorRole::kVision;
  bool whole_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_TOWER_BUILDER_H_
