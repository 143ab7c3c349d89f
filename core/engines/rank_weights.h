// What an engine on PyTorch holds of a model on one rank once it has loaded it: the checkpoint's tensors, fused
// as engines fuse them, cut over tensor-parallel ranks, pipeline stages and experts, in the form that the
// engine's kernels read. What engines add to that or round it to is their own business.
//
// Cost: one weighing for each shape of FormatBinding::tensors, and additions for each of its parameters.
#ifndef PLIMSOLL_CORE_ENGINES_RANK_WEIGHTS_H_
#define PLIMSOLL_CORE_ENGINES_RANK_WEIGHTS_H_

#include <cstdint>
#include <vector>

#include "core/arch/parallelism.h"
#include "core/base/units.h"
#include "core/resolve/resolved.h"
#include "core/weights/format_binding.h"

namespace plimsoll {

// The sizes to which an engine pads an MXFP4 expert: multiples for its width and for its input.
struct Mxfp4Padding {
  int64_t intermediate = 1;
  int64_t hidden = 1;
  bool scales = true;  // padded as the values are
  friend bool operator==(const Mxfp4Padding&, const Mxfp4Padding&) = default;
};

// What is the same for every tensor of a model on a rank.
struct RankLoading {
  const Architecture* architecture = nullptr;
  const WeightFormat* format = nullptr;
  const FormatBinding* binding = nullptr;
  int64_t tp = 1;
  int64_t attention_tp = 0;  // what attention and embedding are cut over, where that is less; 0: tp
  int64_t ep = 0;            // 0: experts are cut, not dealt
  int64_t ep_rank = 0;
  bool marlin = false;       // repacked at load: zero points of symmetric weights and group indices go
  bool expands_nf4 = false;  // the scales of bitsandbytes' scales are multiplied out at load
  Mxfp4Padding mxfp4;
  int64_t expert_width = 0;  // to tell a fused gate_up from a single projection
  int64_t expert_group = 0;  // quantisation groups of experts on this rank, where smaller than the file's
  friend bool operator==(const RankLoading&, const RankLoading&) = default;
};

// Which part of a model a rank holds.
struct RankHolding {
  LayerRange range;
  bool first = true, last = true, vision = false, mtp = false;
  friend bool operator==(const RankHolding&, const RankHolding&) = default;
};

struct TensorBytes {
  Bytes bytes;
  Bytes padding;  // of it
  Bytes values;   // of it: what is stored as a tensor of its own beside the scales
};

// A parameter as the engine allocates it, and how many layers on this rank have one like it. Layers whose
// scheme is an exception come apart, as what they take more than the others.
struct HeldParameter {
  TensorRole role = TensorRole::kOther;
  TensorPart part = TensorPart::kText;
  FormatFamily family = FormatFamily::kPlain;
  TensorBytes one;
  int64_t layers = 0;
  bool correction = false;  // no parameter of its own: an exception's difference
};
std::vector<HeldParameter> HeldOnRank(const RankLoading& loading, const RankHolding& holding);

// What many estimates share: ranks that differ in nothing that HeldOnRank() reads hold the same, whatever their cards. Keeps
// the last few, so what asks in turn for the same models finds them; a model is known by where it stands in memory.
// REQUIRES: models, formats and bindings that it was asked for outlive it.
class RankShelf {
 public:
  // Valid until the next call.
  const std::vector<HeldParameter>& Held(const RankLoading& loading, const RankHolding& holding);

 private:
  static constexpr size_t kMostKept = 32;
  struct Kept {
    RankLoading loading;
    RankHolding holding;
    std::vector<HeldParameter> held;
  };
  std::vector<Kept> kept_;
  size_t next_ = 0;  // which gives way
};

// The same as HeldOnRank() says, from the shelf of the configuration where it has one (`own` holds it else).
const std::vector<HeldParameter>& SharedHeldOnRank(const Resolved& resolved, const RankLoading& loading,
                                                   const RankHolding& holding,
                                                   std::vector<HeldParameter>* own);

// Integer weights in groups that share a scale: GPTQ, AWQ and the packed format.
bool IsIntegerGrouped(FormatFamily family);

// How many layers of a group lie in a range.
int64_t LayersIn(const Architecture& architecture, int32_t group, const LayerRange& range);

// The widest expert of the model; 0: it has none.
int64_t ExpertWidth(const Architecture& architecture);

// vllm/model_executor/layers/quantization/moe_wna16.py: experts whose width on a rank does not fill whole
// groups have their groups halved until it does, down to 32; below that the engine refuses. 0: refused.
int64_t ExpertGroupSize(int64_t group_size, int64_t width, int64_t hidden);

// The model of a configuration on its cards, as vLLM and those that took its layers load it: `ep` and
// `ep_rank` are the caller's.
RankLoading LoadingOf(const Resolved& resolved, const Mxfp4Padding& mxfp4, bool expands_nf4, int64_t ep,
                      int64_t ep_rank);
// The same for the draft model. REQUIRES: resolved.draft.
RankLoading DraftLoadingOf(const Resolved& resolved, const Mxfp4Padding& mxfp4, bool expands_nf4);

// What is kept of an MLA layer's projections beside the weights: W_UK_T and W_UV of the rank's heads in 16 bits
// (vllm/model_executor/layers/mla_attention.py process_weights_after_loading; sglang/srt/models/deepseek_v2.py
// post_load_weights: w_kc, w_vc).
Bytes AbsorbedLatent(const Attention& attention, int64_t tp);

// A rank's share of a GGUF file, which keeps the file's blocks and cuts them like any other tensor: the same
// share of the file as it would hold of the model in 16 bits.
Bytes GgufShare(const Resolved& resolved, Bytes plain_share);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_RANK_WEIGHTS_H_
