#include "core/engines/sglang/sglang_pool.h"

#include <algorithm>

#include "core/arch/kv_cache.h"
#include "core/engines/draft_head.h"
#include "core/engines/rank_weights.h"
#include "core/engines/sglang/sglang_rules.h"
#include "core/engines/sglang/sglang_setup.h"
#include "core/engines/sglang/sglang_version.h"

namespace plimsoll {
namespace {

using internal::SaturatingMultiply;

bool IsNvidia(const Resolved& resolved) { return resolved.cards[0].gpu->vendor == Vendor::kNvidia; }

// configs/model_config.py and kv_cache_configurator.py calculate_mla_kv_cache_dim: sparse latents in fp8 keep
// scales and the rotary part in 16 bits beside it on Hopper; the kernels of data-centre Blackwell and of ROCm
// take them bare.
int64_t LatentBytes(const Resolved& resolved, const Attention& attention) {
  const KvType type = resolved.kv_cache_dtype.k;
  const int64_t width = attention.kv_lora_rank + attention.rope_dim;
  const int capability = resolved.cards[0].gpu->compute_capability;
  const bool bare = capability == 100 || capability == 103 || !IsNvidia(resolved);
  if (attention.index_dim > 0 && IsFp8(type) && !bare) {
    return attention.kv_lora_rank + CeilDiv(attention.kv_lora_rank, 128) * 4 + attention.rope_dim * 2;
  }
  return KvHeadBytes(type, width);
}

// Bytes of a token in one layer on a rank.
int64_t TokenBytes(const Resolved& resolved, const Attention& attention) {
  if (attention.shares_kv) return 0;
  switch (attention.kind) {
    case AttentionKind::kNone:
    case AttentionKind::kBidirectional:
      return 0;
    case AttentionKind::kLatent: {
      // Through 0.5.17 every layer had keys of the indexer, also one that takes another's choice.
      Attention own = attention;
      if (resolved.version.number < SglangNumber(0, 5, 18)) own.index_shared = false;
      return LatentBytes(resolved, attention) + IndexerBytesPerToken(own);
    }
    case AttentionKind::kCompressed: {
      // deepseek_v4_memory_pool.py: an entry for compress_ratio tokens, and the indexer's keys.
      if (attention.compress_ratio <= 0) return 0;
      const int64_t entry = attention.key_dim + attention.rope_dim;
      return CeilDiv(entry + IndexerBytesPerToken(attention), attention.compress_ratio);
    }
    default:
      return KvHeadsPerRank(attention.kv_heads, SetupOf(resolved).attention_tp) *
             (KvHeadBytes(resolved.kv_cache_dtype.k, attention.key_dim) +
              KvHeadBytes(resolved.kv_cache_dtype.v, attention.value_dim));
  }
}

bool HasWindow(const Attention& attention) {
  const bool slides = attention.kind == AttentionKind::kSliding || attention.kind == AttentionKind::kChunked;
  return slides && attention.window > 0;
}

void AddLayer(const Resolved& resolved, const LayerShape& shape, int64_t layers, SglangCell* cell) {
  const Attention& attention = shape.attention;
  const Bytes token = Bytes(TokenBytes(resolved, attention)) * layers;
  if (HasWindow(attention) && SetupOf(resolved).window_pools) {
    cell->window_token += token;
    cell->window = std::max(cell->window, attention.window);
  } else {
    cell->token += token;
  }
  if (token > Bytes(0)) {
    cell->buffers += layers * (attention.kind == AttentionKind::kLatent && attention.index_dim == 0 ? 1 : 2);
  }
  const Recurrent& recurrent = shape.recurrent;
  if (recurrent.kind == RecurrentKind::kNone) return;
  // configs/mamba_utils.py: columns in 16 bits; states in float32 unless told otherwise.
  const int64_t tp = SetupOf(resolved).attention_tp;
  const int64_t columns = std::max<int64_t>(0, recurrent.conv_kernel - 1);
  const int64_t element = resolved.state_element > 0 ? resolved.state_element : 4;
  cell->convolution +=
      Bytes(SaturatingMultiply(columns, ConvolutionChannelsPerRank(recurrent, tp))) * 2 * layers;
  cell->state += Bytes(CeilDiv(StateElements(recurrent), tp)) * element * layers;
}

Bytes DraftToken(const Resolved& resolved) {
  const Architecture& target = *resolved.architecture;
  Bytes sum;
  switch (resolved.speculative.method) {
    case SpeculativeMethod::kMtp:
      return Bytes(TokenBytes(resolved, target.mtp_shape.attention)) * target.mtp_layers;
    case SpeculativeMethod::kNgram:
      return Bytes(0);
    default:
      break;
  }
  if (resolved.draft != nullptr) {
    for (const LayerGroup& group : resolved.draft->architecture().groups) {
      sum += Bytes(TokenBytes(resolved, group.shape.attention)) * group.count;
    }
  } else if (const LayerShape* shape = DraftedShape(target)) {
    sum = Bytes(TokenBytes(resolved, shape->attention)) * DraftHeadOf(resolved.speculative.method).layers;
  }
  return sum;
}

// States between the tokens that a step verifies, for every running request (0.5.9 on; before, they came out of
// what the share leaves free).
bool PricesDraftStates(const Resolved& resolved) {
  return SetupOf(resolved).drafts > 0 && resolved.version.number >= SglangNumber(0, 5, 9);
}

class States {
 public:
  States(const Resolved& resolved, const SglangCell& cell)
      : resolved_(resolved), setup_(SetupOf(resolved)), cell_(cell), number_(resolved.version.number) {}

  // How many the pool gets of `rest`.
  int64_t Count(Bytes rest) const {
    const int64_t replicas = resolved_.dp_attention ? resolved_.dp : 1;
    if (resolved_.max_mamba_cache_size > 0)
      return std::max<int64_t>(1, resolved_.max_mamba_cache_size / replicas);
    if (!resolved_.enable_prefix_caching && setup_.running_given > 0) return setup_.running_given;
    if (number_ < SglangNumber(0, 5, 4)) return 512;
    const double ratio = resolved_.mamba_full_memory_ratio;
    const double budget = static_cast<double>(std::max(Bytes(0), rest).count()) * ratio / (1 + ratio);
    const double slot = static_cast<double>(cell_.slot().count());
    const double drafts = static_cast<double>(PricesDraftStates(resolved_) ? setup_.drafts : 0);
    if (drafts == 0) return static_cast<int64_t>(budget / slot);
    if (number_ < SglangNumber(0, 5, 14)) {
      const int64_t running = setup_.running_given > 0 ? setup_.running_given : 48;
      const double left = budget - slot * static_cast<double>(running) * drafts;
      return static_cast<int64_t>(std::max(0.0, left / slot));
    }
    // Slots and what the requests that they allow for need between drafted tokens, together.
    const double each = slot * (1 + drafts / static_cast<double>(setup_.states_per_request));
    return static_cast<int64_t>(std::max(0.0, (budget - slot * (1 + drafts)) / each));
  }

  int64_t Running(int64_t slots) const { return slots / std::max<int64_t>(1, setup_.states_per_request); }

  Bytes BetweenDrafts(int64_t running) const { return cell_.state * (running + 1) * setup_.drafts; }

 private:
  const Resolved& resolved_;
  const SglangSetup& setup_;
  const SglangCell& cell_;
  int64_t number_;
};

bool DraftIsPriced(const Resolved& resolved) { return resolved.version.number >= SglangNumber(0, 5, 14); }

int64_t InPages(int64_t tokens, int64_t page) { return tokens / std::max<int64_t>(1, page) * page; }

// A pool of a given size is the target's own, as "KV Cache is allocated" prints it: the draft's lies beside it.
int64_t TokensOfGivenPool(const Resolved& resolved, const SglangCell& cell) {
  const Bytes own = DraftIsPriced(resolved) ? cell.priced - cell.draft_token : cell.priced;
  return own > Bytes(0) ? InPages(resolved.kv_cache_memory / own, resolved.block_size) : 0;
}

}  // namespace

SglangCell CellOf(const Resolved& resolved, const LayerRange& range, bool last) {
  SglangCell cell;
  const Architecture& architecture = *resolved.architecture;
  for (size_t g = 0; g < architecture.groups.size(); ++g) {
    const int64_t layers = LayersIn(architecture, static_cast<int32_t>(g), range);
    if (layers > 0) AddLayer(resolved, architecture.groups[g].shape, layers, &cell);
  }
  if (SetupOf(resolved).drafts > 0 && last) cell.draft_token = DraftToken(resolved);
  cell.priced = cell.token;
  if (cell.window_token > Bytes(0)) {
    const double ratio = resolved.swa_full_tokens_ratio;
    cell.priced += BytesFromDouble(static_cast<double>(cell.window_token.count()) * ratio);
  }
  if (DraftIsPriced(resolved)) cell.priced += cell.draft_token;
  return cell;
}

SglangPools DividePool(const Resolved& resolved, const SglangCell& cell, Bytes rest) {
  SglangPools pools;
  pools.room = rest;
  if (rest <= Bytes(0)) {
    pools.shortage = SglangShortage::kPool;
    if (resolved.kv_cache_memory > Bytes(0)) pools.tokens = TokensOfGivenPool(resolved, cell);
    return pools;
  }
  if (cell.slot() > Bytes(0)) {
    const States states(resolved, cell);
    pools.slots = states.Count(rest);
    // One more is for padding; from 0.5.18 on it comes out of the budget.
    pools.states = cell.slot() * (pools.slots + 1);
    const int64_t spare = resolved.version.number >= SglangNumber(0, 5, 18) ? 1 : 0;
    pools.room -= cell.slot() * (pools.slots + spare);
    int64_t running = states.Running(pools.slots);
    if (SetupOf(resolved).running_given > 0) running = std::min(running, SetupOf(resolved).running_given);
    if (SetupOf(resolved).drafts > 0) {
      running = std::min<int64_t>(running, std::max<int64_t>(48, SetupOf(resolved).running_given));
      pools.draft_states = states.BetweenDrafts(running);
      if (PricesDraftStates(resolved)) pools.room -= pools.draft_states;
    }
    if (running < 1) pools.shortage = SglangShortage::kStates;
  }
  if (pools.shortage == SglangShortage::kNone && pools.room <= Bytes(0))
    pools.shortage = SglangShortage::kPool;
  if (resolved.kv_cache_memory > Bytes(0)) pools.room = resolved.kv_cache_memory;
  if (cell.priced <= Bytes(0)) {
    // No layer keeps tokens: the pool is of recurrent states alone.
    pools.tokens = resolved.max_total_tokens > 0
                       ? resolved.max_total_tokens
                       : std::max(SetupOf(resolved).context, resolved.architecture->max_positions);
    return pools;
  }
  pools.tokens = resolved.kv_cache_memory > Bytes(0)
                     ? TokensOfGivenPool(resolved, cell)
                     : InPages(std::max(Bytes(0), pools.room) / cell.priced, resolved.block_size);
  if (resolved.max_total_tokens > 0) {
    pools.tokens = std::min(pools.tokens, InPages(resolved.max_total_tokens, resolved.block_size));
  }
  if (pools.shortage == SglangShortage::kNone && pools.tokens <= 0) pools.shortage = SglangShortage::kPool;
  return pools;
}

int64_t WindowTokens(const Resolved& resolved, const SglangCell& cell, int64_t tokens) {
  if (cell.window_token <= Bytes(0)) return 0;
  const double share = static_cast<double>(tokens) * resolved.swa_full_tokens_ratio;
  return InPages(static_cast<int64_t>(share), resolved.block_size);
}

int64_t RunningOf(const Resolved& resolved, const SglangPools& pools, int64_t tokens, int64_t context) {
  const SglangSetup& setup = SetupOf(resolved);
  int64_t running = setup.running_given;
  if (running <= 0 && setup.compressed) {
    running = 256;  // server_args.py, DeepSeek-V4
  } else if (running <= 0) {
    running = DefaultRunning(resolved.version.number, tokens, context, setup.drafts > 0);
  }
  running = std::min(running, std::max<int64_t>(1, tokens / 2));
  if (pools.slots > 0)
    running = std::min(running, pools.slots / std::max<int64_t>(1, setup.states_per_request));
  return std::max<int64_t>(1, running);
}

Bytes RequestTable(const Resolved& resolved, int64_t running, int64_t context) {
  const int64_t positions = context + 4 + SetupOf(resolved).drafts;
  return Bytes(SaturatingMultiply(SaturatingMultiply(running + 1, positions), 4));
}

}  // namespace plimsoll
