#include "core/arch/parallelism.h"

#include <algorithm>

#include "core/base/units.h"

namespace plimsoll {

LayerRange PipelineStage(int64_t layers, int64_t stages, int64_t stage) {
  // vllm/distributed/utils.py get_pp_indices: partitions[-i] += 1 for i in 2 .. remaining + 1.
  const int64_t base = layers / stages;
  const int64_t extra = layers % stages;
  // Stages with one more are [stages - 1 - extra, stages - 1).
  const auto extras_before = [&](int64_t s) {
    return std::clamp<int64_t>(s - (stages - 1 - extra), 0, extra);
  };
  const int64_t first = base * stage + extras_before(stage);
  return {first, base * (stage + 1) + extras_before(stage + 1)};
}

int64_t KvHeadsPerRank(int64_t kv_heads, int64_t tp) { return std::max<int64_t>(1, kv_heads / tp); }

int64_t ConvolutionChannelsPerRank(const Recurrent& recurrent, int64_t tp) {
  if (recurrent.kind == RecurrentKind::kMamba2 && recurrent.groups > 0 && recurrent.groups % tp != 0) {
    return CeilDiv(recurrent.inner, tp) +
           2 * recurrent.state_dim * std::max<int64_t>(1, CeilDiv(recurrent.groups, tp));
  }
  return CeilDiv(recurrent.conv_channels, tp);
}

int64_t ExpertsPerRank(int64_t experts, int64_t ep, int64_t rank) {
  return experts / ep + (rank < experts % ep ? 1 : 0);
}

Shard ShardTensor(const Tensor& tensor, int64_t tp, int64_t ep, int64_t ep_rank) {
  Shard shard{tensor.rows, tensor.columns, tensor.copies};
  switch (tensor.sharding) {
    case Sharding::kReplicated:
      break;
    case Sharding::kRows:
      shard.rows = CeilDiv(tensor.rows, tp);
      break;
    case Sharding::kColumns:
      shard.columns = CeilDiv(tensor.columns, tp);
      break;
    case Sharding::kKvRows:
      if (tensor.kv_heads > 0) {
        shard.rows = CeilDiv(tensor.rows - tensor.kv_rows, tp) +
                     tensor.kv_rows / tensor.kv_heads * KvHeadsPerRank(tensor.kv_heads, tp);
      }
      break;
    case Sharding::kVocab:
      // vocab_parallel_embedding.py pad_vocab_size: rows padded to a multiple of 64 before they are cut.
      shard.rows = CeilDiv(RoundUp(tensor.rows, 64), tp);
      break;
    case Sharding::kExpert:
      if (ep > 0) {
        shard.copies = ExpertsPerRank(tensor.copies, ep, ep_rank);
      } else if (tensor.expert_by_columns) {
        shard.columns = CeilDiv(tensor.columns, tp);
      } else {
        shard.rows = CeilDiv(tensor.rows, tp);
      }
      break;
  }
  return shard;
}

}  // namespace plimsoll
