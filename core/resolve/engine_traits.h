// What is fixed about an engine, as data: what everybody before the engines' own rooms needs to know of it.
// Each engine fills in one (core/engines/<engine>/); what it does is behind core/engines/engine.h.
#ifndef PLIMSOLL_CORE_RESOLVE_ENGINE_TRAITS_H_
#define PLIMSOLL_CORE_RESOLVE_ENGINE_TRAITS_H_

#include <cstdint>
#include <string_view>

#include "core/config/config_keys.h"

namespace plimsoll {

// Whose kernels run: ggml's own, or those that the engines on PyTorch share (cuBLAS, CUTLASS, Triton,
// Marlin).
enum class KernelGroup : uint8_t { kGgml, kTorch };
constexpr int kKernelGroups = 2;

// How cards work together.
enum class CardLayout : uint8_t {
  kDegrees,  // tensor, pipeline and data parallel degrees
  kSplit,    // layers or rows, over whatever cards there are
};

struct EngineTraits {
  std::string_view id;        // of Config: the contract's
  std::string_view alias;     // read for it, never written; empty: none
  std::string_view name;      // as its makers write it
  std::string_view speeds{};  // whose row of the measured table is its own; empty: it has one
  KernelGroup kernels = KernelGroup::kTorch;
  CardLayout layout = CardLayout::kDegrees;
  bool reads_gguf = false;                  // weights come as GGUF files; else as safetensors
  std::string_view casts_fp32_to = {};      // the plain format that float32 is loaded in; empty: as it is
  bool half_cache = false;                  // the cache is fp16 whatever the model's own type
  bool budget_modelled = false;             // its whole memory is; else weights, cache and speed only
  bool fills_share = false;                 // takes its share of the card whatever the model needs
  bool runs_without_card = false;           // the processor computes; gpus may be 0
  bool shares_context = false;              // sequences are slots of one context
  KeyOwner keys = KeyOwner::kEveryEngine;   // kPagedServer or kGgml: it takes these beside everybody's
  KeyOwner share = KeyOwner::kEveryEngine;  // kCardShare, kFreeShare or kPeakShare: and these
  bool starts_below_context = false;        // starts though no sequence of the whole length has room
  bool replicas_share_ranks = false;  // dp may divide the attention of tp's ranks instead of multiplying them
};

// The row of the measured table that drives its steps.
constexpr std::string_view SpeedsOf(const EngineTraits& engine) {
  return engine.speeds.empty() ? engine.id : engine.speeds;
}

// Whether a key of a configuration means something to this engine.
constexpr bool Takes(const EngineTraits& engine, const ConfigKey& key) {
  switch (key.owner) {
    case KeyOwner::kEveryEngine:
      return true;
    case KeyOwner::kPagedServer:
    case KeyOwner::kGgml:
      return key.owner == engine.keys;
    case KeyOwner::kCardShare:
    case KeyOwner::kFreeShare:
    case KeyOwner::kPeakShare:
      return key.owner == engine.share;
    case KeyOwner::kHostCache:
      return engine.keys == KeyOwner::kPagedServer || engine.share == KeyOwner::kPeakShare;
    case KeyOwner::kRanks:
      return engine.layout == CardLayout::kDegrees;
    case KeyOwner::kBudgeted:
      return engine.budget_modelled;
  }
  return false;
}

// Whether one of an enumerated key's values is for this engine.
constexpr bool Offers(const EngineTraits& engine, const KeyChoice& choice) {
  const bool named =
      choice.only == KeyOwner::kEveryEngine || choice.only == engine.keys || choice.only == engine.share;
  return named && (choice.but == KeyOwner::kEveryEngine || choice.but != engine.keys);
}

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_RESOLVE_ENGINE_TRAITS_H_
