#include "core/engines/llama_cpp/llama_compute_buffer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "core/arch/kv_cache.h"
#include "core/engines/llama_cpp/llama_kv_cache.h"

namespace plimsoll {

namespace {

using Place = GraphAllocator::Place;

constexpr int64_t kFloat = 4;  // activations are 32-bit floats
constexpr int64_t kHalf = 2;
constexpr int64_t kIndex = 8;  // row indices are 64-bit integers

int64_t Times(int64_t a, int64_t b) { return internal::SaturatingMultiply(a, b); }

// A layer of each kind is walked this often: the first time the buffer is still filling, the second time it
// has its shape, the third time it repeats (found by walking every layer of every catalog model once).
constexpr size_t kWalksPerKind = 2;
constexpr size_t kMostKinds = 64;  // kinds of layers beyond this are walked as one

bool LatentCache(const LlamaGraph& graph, const Attention& attention) {
  return attention.kind == AttentionKind::kLatent && graph.latent_cache;
}

// Elements of one token's row in the V cache; 0: the layer keeps no V.
int64_t ValueWidth(const LlamaGraph& graph, const Attention& attention) {
  if (LatentCache(graph, attention)) return graph.latent_without_v ? 0 : attention.kv_lora_rank;
  return Times(attention.kv_heads, attention.value_dim);
}

// Bytes of the matrices that rotate quantised K and V before they are stored: K by the largest power of two
// that divides the head, at least 64 (llama_kv_cache::build_input_k_rot), V always in blocks of 64.
int64_t KeyRotation(const LlamaGraph& graph, const Attention& attention) {
  if (!graph.rotate_cache || !IsQuantized(graph.types.k) || LatentCache(graph, attention)) return 0;
  if (attention.key_dim <= 0 || attention.key_dim % 64 != 0) return 0;
  int64_t side = 64;
  while (side <= 4096 && attention.key_dim % (side * 2) == 0) side *= 2;
  return kFloat * side * side;
}

int64_t ValueRotation(const LlamaGraph& graph, const Attention& attention) {
  if (!graph.rotate_cache || !IsQuantized(graph.types.v) || LatentCache(graph, attention)) return 0;
  if (attention.value_dim <= 0 || attention.value_dim % 64 != 0) return 0;
  return kFloat * 64 * 64;
}

bool Slides(const LlamaGraph& graph, const Attention& attention) {
  return graph.windowed && CanHaveWindow(attention);
}

// What attention's node holds behind its result, by backend: see AttentionScratch.
struct AttentionShape {
  int64_t heads = 0, kv_heads = 0, key_dim = 0, value_dim = 0;  // MLA: one head of the latent
  bool value_is_view_of_key = false;
};

AttentionShape ShapeOf(const LlamaGraph& graph, const Attention& attention) {
  if (!LatentCache(graph, attention)) {
    if (attention.kind != AttentionKind::kLatent) {
      return {attention.heads, attention.kv_heads, attention.key_dim, attention.value_dim, false};
    }
    return {attention.heads, attention.heads, attention.nope_dim + attention.rope_dim, attention.value_dim,
            false};
  }
  const int64_t rank = attention.kv_lora_rank;
  return {attention.heads, 1, rank + attention.rope_dim, rank, graph.latent_without_v};
}

// Kernels for whole batches read the cache in 16 bits; caches of another type are turned into them first,
// behind the node's result (ggml/src/ggml-cuda/fattn.cu ggml_cuda_flash_attn_ext_get_alloc_size, with room
// for a pointer's alignment; ggml/src/ggml-metal/ggml-metal-ops.cpp ..._extra_kv_f16).
int64_t WidenedCache(const LlamaGraph& graph, const AttentionShape& shape, int64_t cells) {
  const bool metal = graph.backend == LlamaBackend::kMetal;
  constexpr int64_t kFewestTokens = 3, kFewestTokensOnMetal = 32;  // fewer are read as they are stored
  if (!graph.widens_cache || graph.tokens < (metal ? kFewestTokensOnMetal : kFewestTokens)) return 0;
  const int64_t rows = Times(Times(cells, graph.streams), shape.kv_heads);
  const auto bytes = [&](KvType type, int64_t width) {
    const bool read_as_stored = type == KvType::kFp16 || (metal && !IsQuantized(type));
    return read_as_stored ? 0 : GraphAllocator::Aligned(Times(kHalf, Times(rows, width)));
  };
  const int64_t key = bytes(graph.types.k, shape.key_dim);
  return shape.value_is_view_of_key ? key : key + bytes(graph.types.v, shape.value_dim);
}

// Metal's kernels keep partial results, the last blocks of the cache padded, and which blocks of the mask
// are empty (ggml_metal_op_flash_attn_ext_extra_tmp, _pad, _blk; their constants are in ggml-metal-impl.h).
int64_t MetalScratch(const LlamaGraph& graph, const AttentionShape& shape, int64_t cells) {
  constexpr int64_t kWorkgroups = 32, kMostQueries = 32, kQueries = 8, kCells = 64;
  const int64_t queries = std::max<int64_t>(graph.tokens / graph.streams, 1);
  int64_t bytes = Times(kFloat * kWorkgroups * std::min(queries, kMostQueries) * graph.streams,
                        Times(shape.heads, shape.value_dim + 2));
  const auto row = [&](KvType type, int64_t width) {
    return Times(KvTypeBytes(type, Times(shape.kv_heads, width)).count(), shape.kv_heads * graph.streams);
  };
  bytes += kCells * (row(graph.types.k, shape.key_dim) + row(graph.types.v, shape.value_dim) +
                     kHalf * queries * graph.streams);
  return bytes + RoundUp(Times(CeilDiv(cells, kCells), CeilDiv(queries, kQueries) * graph.streams), 32);
}

int64_t AttentionScratch(const LlamaGraph& graph, const AttentionShape& shape, int64_t cells) {
  if (!graph.flash_attention) return 0;
  const int64_t widened = WidenedCache(graph, shape, cells);
  return graph.metal_scratch ? widened + MetalScratch(graph, shape, cells) : widened;
}

// hparams.n_pos_per_embd.
int64_t PositionsPerToken(const Architecture& architecture) {
  return architecture.traits.four_positions ? 4 : 1;
}

// Whether weights in RAM are copied here.
bool Stages(const LlamaGraphPart& part) { return part.staged_layers > 0 || part.host_layers > 0; }

// Whether the graph comes and goes, so that inputs are taken as they are needed.
bool TakesTurns(const LlamaGraphPart& part) { return Stages(part) || part.sends_experts; }

// Their output projection is reshaped to rows of tokens at the end: a view.
bool EndsInView(const Recurrent& recurrent) {
  return recurrent.kind == RecurrentKind::kGatedDeltaNet || recurrent.kind == RecurrentKind::kMamba1 ||
         recurrent.kind == RecurrentKind::kMamba2;
}

// Weights that come and go leave holes of many sizes: where they lie repeats late or never. So it is with the place of
// the stream between recurrent layers where a mask of 32 bits was cast, or logits of a whole batch lie above it.
bool RepeatsLate(const LlamaGraph& graph, const LlamaGraphPart& part) {
  if (TakesTurns(part)) return true;
  const std::vector<LayerGroup>& groups = graph.architecture->groups;
  return !graph.half_mask && std::any_of(groups.begin(), groups.end(), [](const LayerGroup& group) {
    return EndsInView(group.shape.recurrent);
  });
}

// The layers that a walk takes before the last one: the first few of each kind.
template <typename Visit>
void VisitWalkedLayers(const LlamaGraph& graph, const LlamaGraphPart& part, Visit visit) {
  const Architecture& arch = *graph.architecture;
  const bool every = RepeatsLate(graph, part);
  std::array<uint8_t, kMostKinds> walks{};
  size_t left = std::min(arch.groups.size(), kMostKinds);
  for (int64_t layer = part.first_layer; layer + 1 < part.end_layer && left > 0; ++layer) {
    const size_t group = arch.layer_group[static_cast<size_t>(layer)];
    uint8_t& walked = walks[std::min(group, kMostKinds - 1)];
    if (every) {
      visit(layer);
      continue;
    }
    if (walked == kWalksPerKind) continue;
    if (++walked == kWalksPerKind) --left;
    visit(layer);
  }
}

// Older builds fill the mask in 32 bits, and the first device turns it into the 16 that flash attention
// reads.
bool CastsMask(const LlamaGraph& graph, const LlamaGraphPart& part) {
  return graph.flash_attention && !graph.half_mask && part.casts_mask;
}

int64_t MaskBytes(const LlamaGraph& graph, const LlamaGraphPart& part, int64_t cells) {
  const bool half = graph.flash_attention && !CastsMask(graph, part);
  return Times(half ? kHalf : kFloat, Times(cells, graph.tokens));
}

enum class InputKind : uint8_t {
  kStream,
  kNormedStream,
  kPositions,
  kKeyRotation,
  kValueRotation,
  kKeyRows,
  kValueRows,
  kMask,
  kStateRows,
  kOutputRows,
};

// The scheduler copies what a device needs from elsewhere to the start of its part, in the order of first
// use. With pipeline parallelism there are several copies, and none is ever given back
// (ggml_backend_sched_split_graph marks them as outputs). Visits (kind, whether it is a window's, bytes of a
// copy).
using SeenInputs = ComputeBufferWalk::State::Taken;

// A cache in RAM is written there.
bool CachesInRam(const LlamaGraphPart& part, int64_t layer) {
  return part.host_caches && layer < part.host_layers;
}

template <typename Visit>
void VisitRows(const LlamaGraph& graph, const Attention& attention, bool slides, Visit visit) {
  const int64_t k_rotation = KeyRotation(graph, attention);
  const int64_t v_rotation = ValueRotation(graph, attention);
  if (k_rotation > 0) visit(InputKind::kKeyRotation, slides, k_rotation);
  if (v_rotation > 0) visit(InputKind::kValueRotation, slides, v_rotation);
  if (!graph.row_indices) return;
  visit(InputKind::kKeyRows, slides, kIndex * graph.tokens);
  // Without flash attention V is stored transposed, element by element.
  const int64_t width = ValueWidth(graph, attention);
  const int64_t rows = Times(kIndex * graph.tokens, graph.flash_attention ? 1 : width);
  if (width > 0) visit(InputKind::kValueRows, slides, rows);
}

// What attention of these layers reads and no layer before them has read.
template <typename Visit>
void VisitLayerInputs(const LlamaGraph& graph, const LlamaGraphPart& part, int64_t first, int64_t end,
                      SeenInputs* seen, Visit visit) {
  const Architecture& arch = *graph.architecture;
  for (int64_t layer = first; layer < end; ++layer) {
    const LayerShape& shape = arch.groups[arch.layer_group[static_cast<size_t>(layer)]].shape;
    // Which states are whose: little, but it stays where it is and parts the holes around it.
    if (shape.recurrent.kind != RecurrentKind::kNone && !seen->recurrent) {
      seen->recurrent = true;
      visit(InputKind::kStateRows, false, 4 * graph.sequences);
    }
    const Attention& attention = shape.attention;
    if (attention.kind == AttentionKind::kNone || graph.attends_in_ram) continue;
    const bool slides = Slides(graph, attention);
    bool& rows_seen = slides ? seen->sliding_rows : seen->full_rows;
    if (!rows_seen && !CachesInRam(part, layer)) {
      rows_seen = true;
      VisitRows(graph, attention, slides, visit);
    }
    bool& mask_seen = slides ? seen->sliding : seen->full;
    if (mask_seen) continue;
    mask_seen = true;
    visit(InputKind::kMask, slides, MaskBytes(graph, part, slides ? graph.window_cells : graph.cells));
  }
}

template <typename Visit>
void VisitInputs(const LlamaGraph& graph, const LlamaGraphPart& part, Visit visit) {
  const Architecture& arch = *graph.architecture;
  const int64_t per_token = graph.tokens;
  const int64_t hidden = Times(Times(kFloat, per_token), arch.hidden);
  visit(InputKind::kStream, false, hidden);
  // The scheduler leaves the norm at a device's border on the device before it, so both the stream and its
  // norm come over, unless every layer is on a card (the FIXME in llama_context::graph_get_cb).
  if (!part.casts_mask && !graph.keeps_norms) visit(InputKind::kNormedStream, false, hidden);
  visit(InputKind::kPositions, false, 4 * per_token * PositionsPerToken(arch));
  SeenInputs seen;
  VisitLayerInputs(graph, part, part.first_layer, part.end_layer, &seen, visit);
  if (part.output) visit(InputKind::kOutputRows, false, 4 * graph.outputs);
}

int64_t InputBytes(const LlamaGraph& graph, const LlamaGraphPart& part) {
  if (graph.shares_memory) return 0;
  int64_t bytes = 0;
  VisitInputs(graph, part, [&](InputKind, bool, int64_t one) { bytes += GraphAllocator::Aligned(one); });
  return bytes * part.copies;
}

// Vulkan and Metal take products with weights in RAM, but not what is added to them where one token has few
// rows: biases of experts in RAM are added there, and gate and up meet there (their offload_op).
bool AddsInRam(LlamaBackend backend) {
  return backend == LlamaBackend::kVulkan || backend == LlamaBackend::kMetal;
}

class GraphWalk {
 public:
  using State = ComputeBufferWalk::State;
  using Inputs = State::Inputs;

  // All references are held.
  GraphWalk(const LlamaGraph& graph, const LlamaGraphPart& part, State* state)
      : graph_(graph), part_(part), arch_(*graph.architecture), hidden_(Row(arch_.hidden)), s_(*state) {}

  void WalkToLastLayer() {
    if (TakesTurns(part_)) {
      s_.taken.layers = part_.first_layer;
      TakeStream();
      if (!part_.casts_mask && !graph_.keeps_norms) s_.normed_input = Alloc(hidden_);
      TakeInputsUntilStaging(part_.first_layer);
    } else {
      TakeInputs();
    }
    VisitWalkedLayers(graph_, part_, [this](int64_t layer) { WalkLayer(layer); });
  }

  // The state was walked with other masks: moves everything behind them. REQUIRES: one copy.
  void TakeLengths() {
    Resize(graph_.cells, &s_.full);
    Resize(graph_.window_cells, &s_.window);
  }

  Bytes Finish() {
    if (part_.end_layer > part_.first_layer) {
      last_layer_ = true;
      WalkLayer(part_.end_layer - 1);
    }
    if (part_.output) {
      WalkOutput();
    } else if (part_.visits_until > part_.end_layer) {
      VisitOtherCards();
    }
    return Bytes(s_.allocator.peak());
  }

 private:
  int64_t Row(int64_t width) const { return Times(Times(kFloat, graph_.tokens), width); }
  const LayerShape& Shape(int64_t layer) const {
    return arch_.groups[arch_.layer_group[static_cast<size_t>(layer)]].shape;
  }

  Place Alloc(int64_t bytes) { return s_.allocator.Alloc(bytes); }
  void Free(Place* place) { s_.allocator.Free(place); }
  // An operator that reads `from` for the last time.
  Place Op(int64_t bytes, Place* from) {
    const Place result = Alloc(bytes);
    Free(from);
    return result;
  }

  void Resize(int64_t cells, Inputs* inputs) {
    if (inputs->cells == 0 || inputs->cells == cells) return;
    if (graph_.shares_memory) {
      inputs->cells = cells;
      return;
    }
    const int64_t now = GraphAllocator::Aligned(MaskBytes(graph_, part_, cells));
    const int64_t before = GraphAllocator::Aligned(MaskBytes(graph_, part_, inputs->cells));
    const int64_t end = inputs->mask_end;
    const int64_t grown = now - before;
    inputs->cells = cells;
    inputs->mask.size = now;
    s_.allocator.Shift(end, grown);
    for (Place* place : {&s_.stream, &s_.normed_input, &s_.positions, &s_.state_rows, &s_.output_rows}) {
      if (place->offset >= end) place->offset += grown;
    }
    for (Inputs* moved : {&s_.full, &s_.window}) {
      if (moved->mask_end >= end) moved->mask_end += grown;
      for (Place* place :
           {&moved->mask, &moved->k_rows, &moved->v_rows, &moved->k_rotation, &moved->v_rotation}) {
        if (place->offset >= end) place->offset += grown;
      }
    }
  }

  void TakeInputs() {
    VisitInputs(graph_, part_, [this](InputKind kind, bool window, int64_t bytes) {
      Place place;
      if (!graph_.shares_memory) place = s_.allocator.AllocCopies(bytes, part_.copies);
      Hold(kind, window, place);
    });
  }

  void Hold(InputKind kind, bool window, Place place) {
    Inputs& inputs = window ? s_.window : s_.full;
    if (kind == InputKind::kMask) {
      inputs.cells = window ? graph_.window_cells : graph_.cells;
      inputs.mask_end = place.offset + place.size;
      inputs.needs_cast = CastsMask(graph_, part_);
    }
    if (part_.copies == 1) *Held(kind, &inputs) = place;
  }

  // A weight that is copied here begins a part of its own (a split), and a part's inputs are taken where it
  // begins: what attention reads is taken with the last weight that is copied before it.
  void TakeStream() { s_.stream = Alloc(hidden_); }

  void TakeInputsUntilStaging(int64_t layer) {
    int64_t end = layer;
    while (end < part_.end_layer && !StagesLayer(end)) ++end;
    // Experts are read behind the layer's attention, a layer's own matrices before it.
    if (end >= part_.host_layers) end = std::min(end + 1, part_.end_layer);
    TakeInputs(end);
  }

  // What the layers up to `end` read.
  void TakeInputs(int64_t end) {
    if (s_.taken.layers >= end) return;
    const auto take = [this](InputKind kind, bool window, int64_t bytes) {
      Hold(kind, window, graph_.shares_memory ? Place{} : Alloc(bytes));
    };
    if (AttendsBefore(end)) TakePositions();
    VisitLayerInputs(graph_, part_, s_.taken.layers, end, &s_.taken, take);
    if (end == part_.end_layer && part_.output) take(InputKind::kOutputRows, false, 4 * graph_.outputs);
    s_.taken.layers = end;
  }

  void TakePositions() {
    if (s_.taken.positions) return;
    s_.taken.positions = true;
    const int64_t bytes = 4 * graph_.tokens * PositionsPerToken(arch_);
    Hold(InputKind::kPositions, false, graph_.shares_memory ? Place{} : Alloc(bytes));
  }

  bool AttendsBefore(int64_t end) const {
    for (int64_t layer = s_.taken.layers; layer < end; ++layer) {
      if (Shape(layer).attention.kind != AttentionKind::kNone) return true;
    }
    return false;
  }

  bool StagesLayer(int64_t layer) const { return layer < part_.host_layers || ExpertsInRam(layer).any(); }

  StagedExperts ExpertsInRam(int64_t layer) const {
    if (Shape(layer).mlp.kind != MlpKind::kMoe) return {};
    if (!part_.experts.empty()) return part_.experts[static_cast<size_t>(layer)];
    const bool staged = layer < part_.staged_layers || layer < part_.host_layers;
    const int64_t bytes = staged ? part_.staged_bytes : 0;
    return {bytes, bytes, bytes};
  }

  Place* Held(InputKind kind, Inputs* inputs) {
    switch (kind) {
      case InputKind::kStream:
        return &s_.stream;
      case InputKind::kNormedStream:
        return &s_.normed_input;
      case InputKind::kPositions:
        return &s_.positions;
      case InputKind::kKeyRotation:
        return &inputs->k_rotation;
      case InputKind::kValueRotation:
        return &inputs->v_rotation;
      case InputKind::kKeyRows:
        return &inputs->k_rows;
      case InputKind::kValueRows:
        return &inputs->v_rows;
      case InputKind::kMask:
        return &inputs->mask;
      case InputKind::kStateRows:
        return &s_.state_rows;
      case InputKind::kOutputRows:
        break;
    }
    return &s_.output_rows;
  }

  void WalkLayer(int64_t layer) {
    const LayerShape& shape = Shape(layer);
    layer_ = layer;
    on_host_ = layer < part_.host_layers;
    const bool attends = shape.attention.kind != AttentionKind::kNone;
    const bool recurs = shape.recurrent.kind != RecurrentKind::kNone;
    const bool mixes = attends || recurs;
    const bool feeds = shape.mlp.kind != MlpKind::kNone;
    const bool parallel = mixes && feeds && shape.norms == 1;
    if (last_layer_) FreeUnreadInputs(shape);
    const bool before = !arch_.traits.norms_after_only;

    Place residual = s_.stream;
    s_.stream = {};
    Place normed = before ? Alloc(hidden_) : Place{};
    Free(&s_.normed_input);
    Place* const keep = parallel ? nullptr : &normed;  // who reads the normalised stream last frees it
    Place mixed;
    if (attends) mixed = WalkAttention(shape.attention, recurs ? nullptr : keep);
    if (recurs) {
      Place other = WalkRecurrent(shape.recurrent, keep);
      if (attends) {
        Free(&other);  // the sum is written over attention's
      } else {
        mixed = other;
      }
    }
    if (mixes) {
      const bool selects = last_layer_ && part_.output;
      if (selects) SelectOutputs(&mixed, &residual, parallel ? &normed : nullptr);
      // The sum is written over `mixed`, unless that is read through a view.
      if (!parallel && !attends && !selects && EndsInView(shape.recurrent)) {
        if (residual.size == 0) residual = Alloc(hidden_);  // a copy for pipelining stays what it is
        std::swap(mixed, residual);
      }
      if (!parallel) Free(&residual);
    }
    if (!feeds) {
      Free(&normed);
      s_.stream = mixes ? mixed : residual;
      return;
    }
    if (parallel) {
      Place fed = WalkMlp(shape.mlp, layer, &normed);
      Free(&residual);
      Free(&mixed);
      s_.stream = fed;
      return;
    }
    if (!mixes) {
      mixed = residual;
    } else {
      normed = before ? Alloc(rows_narrowed_ ? OutputRow(arch_.hidden) : hidden_) : Place{};
    }
    Place fed = WalkMlp(shape.mlp, layer, &normed);
    Free(&mixed);
    s_.stream = fed;
  }

  // What the last layer does not read was read for the last time before it.
  void FreeUnreadInputs(const LayerShape& last) {
    const bool attends = last.attention.kind != AttentionKind::kNone;
    const bool slides = attends && Slides(graph_, last.attention);
    for (Inputs* mask : {&s_.full, &s_.window}) {
      if (attends && (mask == &s_.window) == slides) continue;
      FreeMask(mask);
      Free(&mask->k_rotation);
      Free(&mask->v_rotation);
      Free(&mask->k_rows);
      Free(&mask->v_rows);
    }
    if (!attends) Free(&s_.positions);
    if (last.recurrent.kind == RecurrentKind::kNone) Free(&s_.state_rows);
  }

  // One that was cast here stays until the last card has its copy.
  void FreeMask(Inputs* mask) {
    const bool lent = CastsMask(graph_, part_) && part_.last_card_layer >= part_.end_layer;
    if (!lent) Free(&mask->mask);
  }

  // In the last layer only the rows whose logits are wanted go on.
  void SelectOutputs(Place* mixed, Place* residual, Place* normed) {
    const int64_t rows = OutputRow(arch_.hidden);
    *mixed = Op(rows, mixed);
    *residual = Op(rows, residual);
    if (normed != nullptr) *normed = Op(rows, normed);
    Free(&s_.output_rows);
    rows_narrowed_ = true;
  }

  int64_t OutputRow(int64_t width) const { return Times(Times(kFloat, graph_.outputs), width); }
  int64_t MlpRow(int64_t width) const { return rows_narrowed_ ? OutputRow(width) : Row(width); }

  // ---- attention
  // -------------------------------------------------------------------------------------------

  Place WalkAttention(const Attention& attention, Place* normed) {
    Inputs& mask = Slides(graph_, attention) ? s_.window : s_.full;
    const bool latent = attention.kind == AttentionKind::kLatent;
    return latent ? WalkLatent(attention, normed, &mask) : WalkHeads(attention, normed, &mask);
  }

  // Projections, cache update, attention, output projection: build_qkv and build_attn.
  Place WalkHeads(const Attention& attention, Place* normed, Inputs* mask) {
    const int64_t query = Row(Times(attention.heads, attention.key_dim));
    const int64_t keys = Row(Times(attention.kv_heads, attention.key_dim));
    const int64_t values = Row(Times(attention.kv_heads, attention.value_dim));
    const bool rotate_k = KeyRotation(graph_, attention) > 0;
    const bool rotate_v = ValueRotation(graph_, attention) > 0;

    const int64_t query_matrix = Matrix(Times(attention.heads, attention.key_dim));
    Place gate_and_query;  // the gate half is read after attention
    Place q;
    if (attention.query_gate) {
      gate_and_query = Product(Times(2, query), Times(2, query_matrix));
      q = Alloc(query);
    } else {
      q = Product(query, query_matrix);
    }
    if (on_host_ && attention.rope) TakePositions();
    if (attention.rope && !attention.query_gate) q = Op(query, &q);
    if (rotate_k) q = Op(query, &q);
    if (attention.shares_kv) {
      if (normed != nullptr) Free(normed);
    } else {
      Place v = Product(values, Matrix(Times(attention.kv_heads, attention.value_dim)), &StagedTypes::value);
      if (rotate_v) v = Op(values, &v);
      Place k = Product(keys, Matrix(Times(attention.kv_heads, attention.key_dim)));
      if (normed != nullptr) Free(normed);
      if (attention.rope) k = Op(keys, &k);
      if (rotate_k) k = Op(keys, &k);
      Free(&k);
      Free(&v);
    }
    const int64_t cells = Slides(graph_, attention) ? graph_.window_cells : graph_.cells;
    // The mask is cast before attention reads anything.
    if (on_host_ && CastsMask(graph_, part_)) TakeInputs(layer_ + 1);
    Place k_copy = CacheCopy(CacheBytes(graph_.types.k, cells, Times(attention.kv_heads, attention.key_dim)));
    Place v_copy =
        CacheCopy(CacheBytes(graph_.types.v, cells, Times(attention.kv_heads, attention.value_dim)));
    if (on_host_) TakeInputs(layer_ + 1);
    ReadCacheInputs(mask);
    Place out = Attend(ShapeOf(graph_, attention), &q, mask);
    Free(&k_copy);
    Free(&v_copy);
    if (rotate_v || !graph_.flash_attention) out = Op(Row(Times(attention.heads, attention.value_dim)), &out);
    if (last_layer_) Free(&mask->v_rotation);
    if (attention.query_gate) {
      // The product is written over the gate: attention's result is read through a view, and a view's place is
      // never taken (ggml_gallocr_is_own).
      Place gate = Op(query, &gate_and_query);
      Free(&out);
      out = gate;
    }
    Place result = Product(hidden_, Matrix(Times(attention.heads, attention.value_dim)));
    Free(&out);
    return result;
  }

  int64_t CacheBytes(KvType type, int64_t cells, int64_t width) const {
    return KvTypeBytes(type, Times(Times(cells, graph_.streams), width)).count();
  }

  // Positions and cache rows are read for the last time in the last layer.
  void ReadCacheInputs(Inputs* mask) {
    if (!last_layer_) return;
    Free(&s_.positions);
    Free(&mask->k_rotation);
    Free(&mask->k_rows);
    Free(&mask->v_rows);
  }

  // The attention itself.
  Place Attend(const AttentionShape& shape, Place* q, Inputs* mask) {
    const int64_t attended = Row(Times(shape.heads, shape.value_dim));
    if (graph_.attends_in_ram) return Op(attended, q);  // what comes back
    if (graph_.flash_attention) {
      if (mask->needs_cast) {
        Place cast = Alloc(Times(Times(kHalf, mask->cells), graph_.tokens));
        Free(&mask->mask);
        mask->mask = cast;
        mask->needs_cast = false;
      }
      Place result = Op(internal::SaturatingAdd(attended, AttentionScratch(graph_, shape, mask->cells)), q);
      if (last_layer_) FreeMask(mask);
      return result;
    }
    Place scores = Alloc(Times(Row(mask->cells), shape.heads));
    Free(q);
    if (last_layer_) Free(&mask->mask);
    Place transposed;  // V is stored transposed, but a view of K has to be turned here
    if (shape.value_is_view_of_key) {
      transposed = Alloc(Times(Times(kHalf, mask->cells), shape.value_dim));
    }
    Place result = Alloc(attended);
    Free(&transposed);
    Free(&scores);
    return result;
  }

  // MLA. With the latent cache, queries are taken into the latent space and the result out of it
  // (src/models/deepseek2.cpp); older builds expand K and V to full heads.
  Place WalkLatent(const Attention& attention, Place* normed, Inputs* mask) {
    const int64_t heads = attention.heads;
    const int64_t rank = attention.kv_lora_rank;
    const int64_t rope = attention.rope_dim;
    const int64_t query = Row(Times(heads, attention.nope_dim + rope));
    Place q;
    if (attention.q_lora_rank > 0) {
      q = Alloc(Row(attention.q_lora_rank));
      q = Op(query, &q);
    } else {
      q = Alloc(query);
    }
    if (!graph_.latent_cache) return WalkLatentExpanded(attention, normed, mask, &q);

    Place absorbed = Alloc(Row(Times(heads, rank)));
    Place q_rope = Op(Row(Times(heads, rope)), &q);
    Place joined = Op(Row(Times(heads, rank + rope)), &absorbed);
    Free(&q_rope);
    Place latent = Alloc(Row(rank + rope));
    if (normed != nullptr) Free(normed);
    Place compressed = Alloc(Row(rank));
    Place k_rope = Op(Row(rope), &latent);
    Place k = Op(Row(rank + rope), &k_rope);
    if (graph_.latent_without_v) Free(&compressed);
    Free(&k);
    Free(&compressed);
    if (on_host_) TakeInputs(layer_ + 1);
    ReadCacheInputs(mask);
    Place out = Attend(ShapeOf(graph_, attention), &joined, mask);
    const int64_t values = Row(Times(heads, attention.value_dim));
    out = Op(values, &out);
    out = Op(values, &out);  // made contiguous
    return Op(hidden_, &out);
  }

  Place WalkLatentExpanded(const Attention& attention, Place* normed, Inputs* mask, Place* q) {
    const int64_t heads = attention.heads;
    const int64_t head = attention.nope_dim + attention.rope_dim;
    Place q_rope = Alloc(Row(Times(heads, attention.rope_dim)));
    Place joined = Op(Row(Times(heads, head)), q);
    Free(&q_rope);
    Place latent = Alloc(Row(attention.kv_lora_rank + attention.rope_dim));
    if (normed != nullptr) Free(normed);
    Place k_rope = Alloc(Row(attention.rope_dim));
    Place compressed = Op(Row(attention.kv_lora_rank), &latent);
    Place expanded = Op(Row(Times(heads, attention.nope_dim + attention.value_dim)), &compressed);
    Place repeated = Op(Row(Times(heads, attention.rope_dim)), &k_rope);
    Place k = Op(Row(Times(heads, head)), &repeated);
    Place v = Op(Row(Times(heads, attention.value_dim)), &expanded);
    Free(&k);
    Free(&v);
    if (on_host_) TakeInputs(layer_ + 1);
    ReadCacheInputs(mask);
    Place out = Attend(ShapeOf(graph_, attention), &joined, mask);
    return Op(hidden_, &out);
  }

  // ---- recurrent layers
  // ------------------------------------------------------------------------------------

  Place WalkRecurrent(const Recurrent& recurrent, Place* normed) {
    switch (recurrent.kind) {
      case RecurrentKind::kMamba1:
      case RecurrentKind::kMamba2:
        return WalkMamba(recurrent, normed);
      default:
        return WalkDeltaNet(recurrent, normed);
    }
  }

  // Which states are whose is read for the last time in the last layer that has any.
  void ReadStateRows() {
    for (int64_t layer = layer_ + 1; layer < part_.end_layer; ++layer) {
      if (Shape(layer).recurrent.kind != RecurrentKind::kNone) return;
    }
    Free(&s_.state_rows);
  }

  int64_t States(int64_t elements) const { return Times(Times(kFloat, elements), graph_.sequences); }

  // src/models/delta-net-base.cpp and qwen35.cpp: build_layer_attn_linear.
  Place WalkDeltaNet(const Recurrent& r, Place* normed) {
    const int64_t channels = Row(r.conv_channels);
    const int64_t taps = std::max<int64_t>(r.conv_kernel - 1, 0);
    const int64_t values = Row(Times(r.heads, r.head_dim));
    const int64_t key_heads = std::max<int64_t>(r.key_heads, 1);
    const int64_t keys = Row(Times(key_heads, std::max(r.key_dim, r.head_dim)));
    const int64_t per_head = Row(r.heads);
    const int64_t state_elements = Times(Times(r.heads, r.head_dim), std::max(r.key_dim, r.head_dim));

    Place conv_states = CacheCopy(States(Times(taps, r.conv_channels)));
    Place conv_state = Op(States(Times(taps, r.conv_channels)), &conv_states);
    Place mixed = Product(channels, Matrix(r.conv_channels), &StagedTypes::value);  // attn_qkv
    Place conv_input =
        Op(internal::SaturatingAdd(channels, States(Times(taps, r.conv_channels))), &conv_state);
    Free(&mixed);
    Place states = CacheCopy(States(state_elements));
    Place state = Op(States(state_elements), &states);
    ReadStateRows();
    Place convolved = Op(channels, &conv_input);
    Place q = Alloc(keys);
    Place k = Alloc(keys);
    Place alpha = Alloc(per_head);
    alpha = Op(per_head, &alpha);
    Place beta = Alloc(per_head);
    beta = Op(per_head, &beta);
    Place out;
    if (graph_.fused_delta_net) {
      const int64_t kept = Times(States(state_elements), graph_.snapshots);
      out = Alloc(internal::SaturatingAdd(values, kept));
      Free(&q);
      Free(&k);
      Free(&convolved);
      Free(&alpha);
      Free(&beta);
      Free(&state);
    } else {
      out =
          WalkChunks(values, per_head, &q, &k, &convolved, &alpha, &beta, &state, states_of(state_elements));
    }
    // Both are read through views, whose places are never taken: the norm has its own, and so has the gate's
    // activation. The product is written over the norm.
    out = Op(values, &out);
    const int64_t inner_matrix = Matrix(Times(r.heads, r.head_dim));
    Place gate = Product(values, inner_matrix);
    if (normed != nullptr) Free(normed);
    gate = Op(values, &gate);
    Free(&gate);
    Place result = Product(hidden_, inner_matrix);
    Free(&out);
    return result;
  }

  int64_t states_of(int64_t elements) const { return States(elements); }

  // The same in elementary operators over chunks of 64 tokens (build_delta_net_chunking): what lives when the
  // triangular system has been solved and the chunks are about to be walked.
  Place WalkChunks(int64_t values, int64_t per_head, Place* q, Place* k, Place* convolved, Place* alpha,
                   Place* beta, Place* state, int64_t states) {
    constexpr int64_t kChunk = 64;
    const int64_t square = Times(per_head, kChunk);
    *q = Op(values, q);
    *k = Op(values, k);
    Place v = Op(values, convolved);
    Place v_beta = Op(values, &v);
    Place k_beta = Op(values, beta);
    Place decay = Alloc(square);
    Place kq = Alloc(square);
    Place kb = Op(square, &decay);
    Place lhs = Alloc(square);
    Place attn = Op(square, &kb);
    Free(&lhs);
    Place v_turned = Op(values, &v_beta);
    Place result = Op(values, &v_turned);
    Place k_turned = Op(values, &k_beta);
    Place k_decayed = Op(values, &k_turned);
    Free(&attn);
    Place q_decayed = Op(values, q);
    Place kg = Op(values, k);
    Place kg_turned = Op(values, &kg);
    Place v_t = Alloc(values);
    Place next = Op(states, state);
    Free(&v_t);
    Free(&kg_turned);
    Free(&q_decayed);
    Free(&k_decayed);
    Free(&kq);
    Free(&next);
    Free(alpha);
    return result;
  }

  // src/models/mamba-base.cpp: build_mamba_layer, build_mamba2_layer.
  Place WalkMamba(const Recurrent& r, Place* normed) {
    const bool second = r.kind == RecurrentKind::kMamba2;
    const int64_t taps = std::max<int64_t>(r.conv_kernel - 1, 0);
    const int64_t inner = Row(r.inner);
    const int64_t channels = Row(r.conv_channels);
    const int64_t state = States(Times(r.inner, r.state_dim));
    Place conv_state = Alloc(States(Times(taps, r.conv_channels)));
    Place projected =
        Alloc(second ? internal::SaturatingAdd(internal::SaturatingAdd(inner, channels), Row(r.heads))
                     : Times(2, inner));
    if (normed != nullptr) Free(normed);
    Place conv_input =
        Op(internal::SaturatingAdd(channels, States(Times(taps, r.conv_channels))), &conv_state);
    Place x = Op(channels, &conv_input);
    Place dt;
    Place x_db;
    if (second) {
      dt = Alloc(Row(r.heads));
    } else {
      x_db = Alloc(Row(r.dt_rank + 2 * r.state_dim));
      dt = Alloc(inner);
    }
    Place scanned = Alloc(internal::SaturatingAdd(inner, state));
    ReadStateRows();
    Free(&dt);
    Free(&x_db);
    Place skip = Op(inner, &x);
    Free(&scanned);
    Place gate = Op(inner, &projected);
    Place out = Op(inner, &gate);
    Free(&skip);
    return Op(hidden_, &out);
  }

  // ---- feed-forward
  // ----------------------------------------------------------------------------------------

  // Frees `normed`.
  Place WalkMlp(const Mlp& mlp, int64_t layer, Place* normed) {
    if (mlp.kind == MlpKind::kDense) return WalkDense(mlp.intermediate, mlp, layer, normed);
    Place beside;
    Place input;
    if (mlp.dense_beside) {
      // Gemma 4: a dense MLP with its own norms, then the experts on another norm of the same stream.
      beside = WalkDense(mlp.intermediate, mlp, layer, normed);
      input = Alloc(MlpRow(arch_.hidden));
    } else {
      input = *normed;
      *normed = {};
    }
    Place out = WalkExperts(mlp, layer, &input);
    if (mlp.shared_intermediate > 0) {
      Place unread;  // what the gate reads is not given back before
      Place shared = WalkDense(mlp.shared_intermediate, mlp, layer, mlp.shared_gate ? &unread : &input);
      if (mlp.shared_gate) {
        Place gate = Op(MlpRow(1), &input);
        Free(&gate);
      }
      Free(&shared);  // added to `out`
    }
    Free(&input);
    Free(&beside);
    return out;
  }

  Place WalkDense(int64_t width, const Mlp& mlp, int64_t layer, Place* normed) {
    const int64_t wide = MlpRow(width);
    Place hidden;
    if (!mlp.gated) {
      hidden = Product(wide, Matrix(width));  // the activation is written in place
      Free(normed);
    } else if (fused_gate_up_ && mlp.kind == MlpKind::kDense) {
      Place both = Op(Times(2, wide), normed);
      hidden = Alloc(wide);
      Place up;
      if (!graph_.glu_operator) up = Alloc(wide);  // both halves were made contiguous first
      Free(&both);
      Free(&up);
    } else if (graph_.glu_operator) {
      Place gate = Product(wide, Matrix(width));
      Place up = Product(wide, Matrix(width));
      Free(normed);
      hidden = Op(wide, &gate);
      Free(&up);
    } else {
      hidden = Product(wide, Matrix(width));
      Place up = Product(wide, Matrix(width));
      Free(normed);
      Free(&up);
    }
    Place out = Product(MlpRow(arch_.hidden), Matrix(width), &StagedTypes::down, layer);
    Free(&hidden);
    return out;
  }

  // build_moe_ffn. `normed` stays, for the shared experts.
  Place WalkExperts(const Mlp& mlp, int64_t layer, Place* normed) {
    const ExpertRows rows = RowsOf(mlp);
    const StagedExperts in_ram = ExpertsInRam(layer);
    const StagedExperts staged = part_.sends_experts ? StagedExperts{} : in_ram;
    const StagedExperts away = part_.sends_experts ? in_ram : StagedExperts{};

    Place probabilities = Alloc(MlpRow(mlp.experts));
    Place biased;
    if (mlp.selection_bias) biased = Alloc(MlpRow(mlp.experts));
    Place sorted = Op(MlpRow(mlp.experts), &biased);
    Place weights = Op(rows.choices, &probabilities);

    Place reduced;  // LatentMoE: experts read a narrower projection
    if (rows.input != MlpRow(arch_.hidden)) reduced = Alloc(rows.input);
    const int64_t gate_bias = staged.gate > 0 ? BiasCopy(mlp, staged, rows.bias) : 0;
    const int64_t up_bias = staged.up > 0 ? BiasCopy(mlp, staged, rows.bias) : 0;
    const int64_t down_bias = staged.down > 0 ? BiasCopy(mlp, staged, rows.output_bias) : 0;
    Place gate;
    // What attention behind them reads comes with the last of them.
    if (mlp.gated && away.gate <= 0) {
      gate = ExpertProduct(rows.wide, staged.gate, gate_bias, staged.up + staged.down > 0 ? -1 : layer);
      AddBias(gate_bias, staged.up + staged.down > 0 ? -1 : layer);
    }
    Place up;
    if (away.up <= 0) {
      if (mlp.gated && gate.size == 0) gate = Alloc(rows.wide);  // comes over
      up = ExpertProduct(rows.wide, staged.up, up_bias, staged.down > 0 ? -1 : layer);
    }
    Free(&reduced);
    if (mlp.shared_intermediate == 0) Free(normed);
    AddBias(up_bias, staged.down > 0 ? -1 : layer);
    Place hidden;
    if (away.up <= 0) hidden = JoinGate(mlp, rows.wide, &gate, &up);
    Free(&gate);  // has gone to where the other half is
    Place experts;
    if (away.down <= 0) {
      if (hidden.size == 0) hidden = Alloc(rows.wide);  // comes over
      experts = ExpertProduct(rows.outputs, staged.down, down_bias, layer);
    }
    Free(&hidden);
    AddBias(down_bias, layer);
    Free(&sorted);
    Free(&weights);
    Place sum;
    // Nothing comes back from a card's last layer: the next card takes the stream from there.
    const bool goes_on = last_layer_ && !part_.output && mlp.shared_intermediate == 0;
    if (away.down <= 0 || !goes_on) sum = Op(rows.input, &experts);
    if (away.any()) TakeInputsUntilStaging(layer + 1);
    if (rows.input == MlpRow(arch_.hidden)) return sum;
    return Op(MlpRow(arch_.hidden), &sum);
  }

  // Bytes of what a layer's experts read and make.
  struct ExpertRows {
    int64_t input, choices, wide, outputs;
    int64_t bias, output_bias;
  };

  ExpertRows RowsOf(const Mlp& mlp) const {
    const int64_t used = std::max<int64_t>(mlp.experts_per_token, 1);
    const int64_t width = mlp.expert_hidden > 0 ? mlp.expert_hidden : arch_.hidden;
    const int64_t input = MlpRow(width);
    const auto bias = [&mlp](int64_t each) { return Times(Times(kFloat, each), mlp.experts); };
    return {input,
            MlpRow(used),
            Times(MlpRow(mlp.expert_intermediate), used),
            Times(input, used),
            bias(mlp.expert_intermediate),
            bias(width)};
  }

  // Frees both halves.
  Place JoinGate(const Mlp& mlp, int64_t wide, Place* gate, Place* up) {
    if (!mlp.gated) return std::exchange(*up, {});
    Place joined = graph_.glu_operator ? Op(wide, gate) : std::exchange(*gate, {});
    Free(up);
    return joined;
  }

  // ---- experts of other cards' layers --------------------------------------------------------------------

  // Products with experts in RAM go to the first card that takes them, and what follows stays there up to the
  // next operator with a weight of its own (ggml_backend_sched_split_graph, passes 1 and 2).
  void VisitOtherCards() {
    PassOn(&s_.stream);
    for (int64_t layer = part_.end_layer; layer < part_.visits_until; ++layer) {
      const Attention& attention = Shape(layer).attention;
      if (layer >= part_.last_card_layer && attention.kind != AttentionKind::kNone) {
        Free(Slides(graph_, attention) ? &s_.window.mask : &s_.full.mask);
      }
      rows_narrowed_ = layer + 1 == arch_.layers;
      const StagedExperts staged = ExpertsInRam(layer);
      if (staged.any()) VisitExperts(Shape(layer).mlp, staged);
    }
  }

  // The stream goes to another card. So does its norm where that was computed here.
  void PassOn(Place* stream) {
    Place normed = graph_.keeps_norms ? Place{} : Alloc(hidden_);
    Free(stream);
    Free(&normed);
  }

  // A weight in RAM begins a split, whose inputs are copied here in the order in which they are read.
  void VisitExperts(const Mlp& mlp, const StagedExperts& staged) {
    const ExpertRows rows = RowsOf(mlp);
    Visitors in;
    Place gate;
    if (mlp.gated && staged.gate > 0) {
      Place weight = CopyWeight(staged.gate, rows, &in);
      gate = Op(rows.wide, &weight);
      AddBias(BiasCopy(mlp, staged, rows.bias));
    }
    Place hidden;
    if (staged.up > 0) {
      Place weight = CopyWeight(staged.up, rows, &in);
      const int64_t bias = BiasCopy(mlp, staged, rows.bias);
      if (bias <= 0 && mlp.gated && gate.size == 0) gate = Alloc(rows.wide);
      Place up = Op(rows.wide, &weight);
      Free(&in.input);
      AddBias(bias);
      if (mlp.gated && gate.size == 0) gate = Alloc(rows.wide);
      hidden = JoinGate(mlp, rows.wide, &gate, &up);
    }
    Free(&gate);
    Free(&in.input);
    if (staged.down > 0) VisitDown(mlp, staged, &hidden, &in.choices);
    Free(&hidden);
    Free(&in.choices);
  }

  // Frees both places.
  void VisitDown(const Mlp& mlp, const StagedExperts& staged, Place* hidden, Place* choices) {
    const ExpertRows rows = RowsOf(mlp);
    Place weight = Alloc(staged.down);
    if (hidden->size == 0) *hidden = Alloc(rows.wide);
    if (choices->size == 0) *choices = Alloc(rows.choices);
    // Without shared experts, which are on the layer's own card, the residual is added here.
    const bool adds = mlp.shared_intermediate == 0 && !mlp.dense_beside && rows.input == MlpRow(arch_.hidden);
    const int64_t bias = BiasCopy(mlp, staged, rows.output_bias);
    Place experts;
    if (bias > 0) {  // what follows comes with it
      experts = Op(rows.outputs, &weight);
      Free(hidden);
    }
    Place added = bias > 0 ? Alloc(bias) : Place{};
    Place shares = Alloc(rows.choices);
    Place residual = adds ? Alloc(rows.input) : Place{};
    if (bias <= 0) experts = Op(rows.outputs, &weight);
    Free(hidden);
    Free(choices);
    Free(&added);
    Free(&shares);
    Place sum = Op(rows.input, &experts);
    Free(&residual);
    if (adds) PassOn(&sum);
    Free(&sum);
  }

  // What a layer's experts read, copied once.
  struct Visitors {
    Place input, choices;
  };

  // And with it, where it is the first, what all of them read.
  Place CopyWeight(int64_t in_ram, const ExpertRows& rows, Visitors* in) {
    const Place weight = Alloc(in_ram);
    if (in->input.size == 0) in->input = Alloc(rows.input);
    if (in->choices.size == 0) in->choices = Alloc(rows.choices);
    return weight;
  }

  // A product with a stack of experts. Experts in RAM are first copied to the card, all of them
  // (op offload, ggml_backend_sched_split_graph: a split per weight).
  Place ExpertProduct(int64_t bytes, int64_t in_ram, int64_t bias, int64_t last_of_layer) {
    if (in_ram <= 0) return Alloc(bytes);
    Place weight = Alloc(in_ram);
    if (bias <= 0 && last_of_layer >= 0) TakeInputsUntilStaging(last_of_layer + 1);
    return Op(bytes, &weight);
  }

  // A bias in RAM. Small as it is, it is a weight that begins a split, and it may part the hole that a stack left. What it
  // is added to is written over.
  void AddBias(int64_t bytes, int64_t last_of_layer = -1) {
    if (bytes <= 0) return;
    Place added = Alloc(bytes);
    if (last_of_layer >= 0) TakeInputsUntilStaging(last_of_layer + 1);
    Free(&added);
  }

  // Bytes of a bias that is copied here to be added; 0: none is.
  int64_t BiasCopy(const Mlp& mlp, const StagedExperts& staged, int64_t bytes) const {
    return mlp.bias && staged.biases && !AddsInRam(graph_.backend) ? bytes : 0;
  }

  // A product with a matrix of so many elements; a matrix in RAM is copied to the card first.
  Place Product(int64_t bytes, int64_t elements, double StagedTypes::*type = &StagedTypes::other,
                int64_t last_of_layer = -1) {
    if (!on_host_) return Alloc(bytes);
    Place weight = Alloc(MatrixBytes(elements, type));
    if (last_of_layer >= 0) TakeInputsUntilStaging(last_of_layer + 1);
    return Op(bytes, &weight);
  }

  int64_t MatrixBytes(int64_t elements, double StagedTypes::*type) const {
    if (!part_.types.empty()) {
      const StagedTypes& types = part_.types[static_cast<size_t>(layer_)];
      const double each = types.*type > 0 ? types.*type : types.other;
      return BytesFromDouble(each * static_cast<double>(elements)).count();
    }
    if (part_.matrix_elements <= 0) return part_.staged_matrix;
    const double share = static_cast<double>(elements) / static_cast<double>(part_.matrix_elements);
    return BytesFromDouble(share * static_cast<double>(part_.staged_matrix)).count();
  }

  // Elements of a matrix between the stream and rows of a width.
  int64_t Matrix(int64_t width) const { return Times(arch_.hidden, width); }

  // What an operator on the card reads of a cache in RAM is copied to it first, whole.
  Place CacheCopy(int64_t bytes) { return on_host_ && part_.host_caches ? Alloc(bytes) : Place{}; }

  // The last norm is written over the stream.
  void WalkOutput() {
    Place weight;
    if (part_.staged_output > 0) weight = Alloc(part_.staged_output);
    Place logits = Alloc(OutputRow(arch_.vocab));
    Free(&weight);
    Free(&s_.stream);
    Free(&logits);
  }

  const LlamaGraph& graph_;
  const LlamaGraphPart& part_;
  const Architecture& arch_;
  const int64_t hidden_;
  State& s_;
  const bool fused_gate_up_ = arch_.traits.gguf_fuses_gate_up;
  int64_t layer_ = 0;  // at hand
  bool last_layer_ = false;
  bool on_host_ = false;
  bool rows_narrowed_ = false;
};

// What is added to products with experts in RAM, and where gate and up meet.
Bytes AddedInRam(const LlamaGraph& graph) {
  if (!AddsInRam(graph.backend)) return Bytes(0);
  Bytes most;
  for (const LayerGroup& group : graph.architecture->groups) {
    const Mlp& mlp = group.shape.mlp;
    if (mlp.kind != MlpKind::kMoe || !mlp.bias) continue;
    const Bytes product = Bytes(kFloat) * graph.tokens * mlp.experts_per_token * mlp.expert_intermediate;
    most = std::max(most, product * 2);
  }
  return most;
}

}  // namespace

Bytes ComputeBuffer(const LlamaGraph& graph, const LlamaGraphPart& part) {
  ComputeBufferWalk::State state;
  GraphWalk walk(graph, part, &state);
  walk.WalkToLastLayer();
  return walk.Finish();
}

Bytes LargestTensor(const LlamaGraph& graph, const LlamaGraphPart& part) {
  const Architecture& arch = *graph.architecture;
  int64_t largest = part.output ? Times(Times(kFloat, graph.outputs), arch.vocab) : 0;
  if (graph.flash_attention || graph.attends_in_ram) return Bytes(largest);
  for (int64_t layer = part.first_layer; layer < part.end_layer; ++layer) {
    const Attention& attention = arch.groups[arch.layer_group[static_cast<size_t>(layer)]].shape.attention;
    if (attention.kind == AttentionKind::kNone) continue;
    const int64_t cells = Slides(graph, attention) ? graph.window_cells : graph.cells;
    largest = std::max(largest, Times(Times(kFloat * graph.tokens, cells), attention.heads));
  }
  return Bytes(largest);
}

bool WalkAlike(const LlamaGraph& graph, const LlamaGraphPart& a, const LlamaGraphPart& b) {
  const Architecture& architecture = *graph.architecture;
  if (a.first_layer >= a.end_layer || b.first_layer >= b.end_layer) return false;
  if (a.output != b.output || a.copies != b.copies || CastsMask(graph, a) != CastsMask(graph, b))
    return false;
  if (a.copies == 1 && a.casts_mask != b.casts_mask) return false;  // inputs differ, and are given back
  for (const LlamaGraphPart* part : {&a, &b}) {
    if (RepeatsLate(graph, *part) || part->staged_output > 0) return false;
  }
  const auto& kinds = architecture.layer_group;
  const auto kind = [&kinds](int64_t layer) { return kinds[static_cast<size_t>(layer)]; };
  if (kind(a.end_layer - 1) != kind(b.end_layer - 1)) return false;
  std::array<uint16_t, kWalksPerKind * kMostKinds> walked;
  size_t count = 0, same = 0;
  VisitWalkedLayers(graph, a, [&](int64_t layer) { walked[count++] = kind(layer); });
  bool alike = true;
  VisitWalkedLayers(graph, b, [&](int64_t layer) {
    alike = alike && same < count && walked[same] == kind(layer);
    ++same;
  });
  return alike && same == count;
}

ComputeBufferWalk::ComputeBufferWalk(const LlamaGraph& graph, const LlamaGraphPart& part)
    : graph_(graph), part_(part) {
  GraphWalk walk(graph, part_, &state_);
  walk.WalkToLastLayer();
  if (part_.copies > 1) above_ = walk.Finish().count() - InputBytes(graph, part_);
}

// Without flash attention, or where a mask is cast or the cache widened, layers before the last one depend on
// the length as well.
bool ComputeBufferWalk::Continues(const LlamaGraph& graph) const {
  LlamaGraph same = graph;
  same.cells = graph_.cells;
  same.window_cells = graph_.window_cells;
  if (same != graph_) return false;
  const bool masks_only = graph.flash_attention && !graph.widens_cache && !graph.metal_scratch &&
                          !CastsMask(graph, part_) && !TakesTurns(part_);
  return masks_only || graph == graph_;
}

Bytes ComputeBufferWalk::BytesFor(const LlamaGraph& graph, const LlamaGraphPart& part) {
  if (!Continues(graph)) *this = ComputeBufferWalk(graph, part_);
  if (part.copies > 1) return Bytes(InputBytes(graph, part) + above_);
  State state = state_;
  GraphWalk walk(graph, part_, &state);
  walk.TakeLengths();
  return walk.Finish();
}

ComputeBufferWalk UsualWalk(const Architecture& architecture) {
  LlamaGraph graph;
  graph.architecture = &architecture;
  graph.tokens = 512;
  graph.outputs = graph.sequences = 4;  // common/arg.cpp: slots of llama-server
  graph.cells = graph.window_cells = 4096;
  for (const LayerGroup& group : architecture.groups) {
    graph.windowed = graph.windowed || CanHaveWindow(group.shape.attention);
  }
  LlamaGraphPart whole;
  whole.end_layer = architecture.layers;
  return ComputeBufferWalk(graph, whole);
}

Bytes HostComputeBuffer(const LlamaGraph& graph, int64_t copies, int64_t host_layers, bool host_experts) {
  const Architecture& arch = *graph.architecture;
  const int64_t tokens = graph.tokens;
  const Bytes embedding = Bytes(kFloat) * tokens * arch.hidden;
  Bytes inputs = Bytes(4) * tokens;  // token ids
  inputs += Bytes(4) * tokens * PositionsPerToken(arch);
  inputs += Bytes(4) * graph.outputs;  // which rows give logits
  const int64_t scalar = graph.flash_attention && graph.half_mask ? kHalf : kFloat;
  bool attends = false;
  bool slides = false;
  bool full = false;
  bool recurs = false;
  int64_t widest_v = 0;
  for (const LayerGroup& group : arch.groups) {
    const Attention& attention = group.shape.attention;
    recurs = recurs || group.shape.recurrent.kind != RecurrentKind::kNone;
    if (attention.kind == AttentionKind::kNone) continue;
    const bool sliding = Slides(graph, attention);
    if (!(sliding ? slides : full)) {
      inputs += Bytes(KeyRotation(graph, attention)) + Bytes(ValueRotation(graph, attention));
    }
    (sliding ? slides : full) = true;
    attends = true;
    widest_v = std::max(widest_v, ValueWidth(graph, attention));
  }
  if (attends) {
    const int64_t caches = (slides ? 1 : 0) + (full ? 1 : 0);
    if (graph.row_indices) {
      inputs += Bytes(kIndex) * tokens * caches;  // K rows
      // V is written element by element when it is stored transposed.
      if (widest_v > 0) inputs += Bytes(kIndex) * tokens * (graph.flash_attention ? 1 : widest_v) * caches;
    }
    if (full) inputs += Bytes(scalar) * graph.cells * tokens;
    if (slides) inputs += Bytes(scalar) * graph.window_cells * tokens;
  }
  if (recurs) inputs += Bytes(4) * graph.sequences;
  // The embedding's rows are given back once the first card has them. What recurrent layers in RAM are sent
  // takes their place: a strided view of the convolution's input, copied with its gaps
  // (ggml_dup_tensor_layout).
  Bytes transient = embedding;
  for (const LayerGroup& group : arch.groups) {
    const Recurrent& recurrent = group.shape.recurrent;
    if (host_layers <= 0 || recurrent.kind == RecurrentKind::kNone) continue;
    const Bytes view = Bytes(kFloat) * recurrent.conv_channels * (tokens + recurrent.conv_kernel - 1);
    if (view > transient) transient = view;
  }
  if (host_experts || host_layers > 0) transient = std::max(transient, AddedInRam(graph));
  // Ready-made embeddings are read in RAM, by the node that looks rows up: no card needs copies of them.
  const Bytes ready_made = graph.embedding_input ? embedding : Bytes(0);
  return inputs * copies + ready_made + transient;
}

}  // namespace plimsoll
