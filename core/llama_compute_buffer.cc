#include "core/llama_compute_buffer.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/llama_graph_allocator.h"

namespace plimsoll {

namespace {

using Place = GraphAllocator::Place;

constexpr int64_t kFloat = 4;  // activations are 32-bit floats
constexpr int64_t kHalf = 2;
constexpr int64_t kIndex = 8;  // row indices are 64-bit integers

int64_t Times(int64_t a, int64_t b) { return internal::SaturatingMultiply(a, b); }

// A layer of each kind is walked this often: the first time the buffer is still filling, the second time it
// has its shape, the third time it repeats (found by walking every layer of every catalog model once).
constexpr int kWalksPerKind = 2;
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
  if (!graph.rotate_cache || !graph.quantized_k || LatentCache(graph, attention)) return 0;
  if (attention.key_dim <= 0 || attention.key_dim % 64 != 0) return 0;
  int64_t side = 64;
  while (side <= 4096 && attention.key_dim % (side * 2) == 0) side *= 2;
  return kFloat * side * side;
}

int64_t ValueRotation(const LlamaGraph& graph, const Attention& attention) {
  if (!graph.rotate_cache || !graph.quantized_v || LatentCache(graph, attention)) return 0;
  if (attention.value_dim <= 0 || attention.value_dim % 64 != 0) return 0;
  return kFloat * 64 * 64;
}

bool Slides(const LlamaGraph& graph, const Attention& attention) {
  return graph.windowed &&
         (attention.kind == AttentionKind::kSliding || attention.kind == AttentionKind::kChunked ||
          attention.kind == AttentionKind::kCompressed);
}

// Multimodal rotary embeddings carry four positions per token (hparams.n_pos_per_embd).
int64_t PositionsPerToken(const Architecture& architecture) {
  const std::string& type = architecture.model_type;
  return type.rfind("qwen3_5", 0) == 0 || type.rfind("qwen2_vl", 0) == 0 ||
                 type.rfind("qwen2_5_vl", 0) == 0 || type.rfind("qwen3_vl", 0) == 0
             ? 4
             : 1;
}

// Models that normalise what a block gives, not what it takes: the projections read the residual stream.
bool NormalizesAfterOnly(const Architecture& architecture) {
  return architecture.model_type == "olmo2" || architecture.model_type == "olmo3";
}

// Files of these models hold gate and up as one matrix (convert_hf_to_gguf.py).
bool FusesGateAndUp(const Architecture& architecture) {
  return architecture.model_type == "phi3" || architecture.model_type == "glm4" ||
         architecture.model_type == "chatglm";
}

class GraphWalk {
 public:
  GraphWalk(const LlamaGraph& graph, const LlamaGraphPart& part)
      : graph_(graph), part_(part), arch_(*graph.architecture), hidden_(Row(arch_.hidden)) {}

  int64_t Run() {
    TakeInputs();
    std::array<uint8_t, kMostKinds> walks{};
    size_t left = std::min(arch_.groups.size(), kMostKinds);
    const int64_t last = part_.end_layer - 1;
    for (int64_t layer = part_.first_layer; layer < last && left > 0; ++layer) {
      uint8_t& walked = walks[Kind(layer)];
      if (walked == kWalksPerKind) continue;
      if (++walked == kWalksPerKind) --left;
      WalkLayer(layer);
    }
    if (last >= part_.first_layer) {
      last_layer_ = true;
      WalkLayer(last);
    }
    if (part_.output) WalkOutput();
    return allocator_.peak();
  }

  // Bytes by which the buffer grows with each cell of the whole context, exactly so from the fewest to the
  // most cells.
  int64_t BytesPerCell() const { return full_.cells > 0 ? Times(MaskRow(), part_.copies) : 0; }
  int64_t LeastCells() const {
    return graph_.cells - (Stretches() ? allocator_.may_shrink() / MaskRow() : 0);
  }
  int64_t MostCells() const { return graph_.cells + (Stretches() ? allocator_.may_grow() / MaskRow() : 0); }
  static constexpr int64_t kCellBlock = 256;

 private:
  int64_t MaskRow() const { return Times(kHalf, graph_.tokens); }
  bool Stretches() const {
    // Without flash attention, or with masks that are cast, more than one tensor has the context's length.
    if (!graph_.flash_attention || full_cast_) return false;
    // Places are aligned: cells and bytes keep step in whole blocks.
    if (Times(MaskRow(), kCellBlock) % GraphAllocator::kAlignment != 0 || graph_.cells % kCellBlock != 0) {
      return false;
    }
    return allocator_.may_shrink() >= 0 && allocator_.may_grow() >= 0;
  }
  int64_t Row(int64_t width) const { return Times(Times(kFloat, graph_.tokens), width); }
  size_t Kind(int64_t layer) const {
    return std::min<size_t>(arch_.layer_group[static_cast<size_t>(layer)], kMostKinds - 1);
  }
  const LayerShape& Shape(int64_t layer) const {
    return arch_.groups[arch_.layer_group[static_cast<size_t>(layer)]].shape;
  }

  Place Alloc(int64_t bytes) { return allocator_.Alloc(bytes); }
  void Free(Place* place) { allocator_.Free(place); }
  // An operator that reads `from` for the last time.
  Place Op(int64_t bytes, Place* from) {
    const Place result = Alloc(bytes);
    Free(from);
    return result;
  }

  // The scheduler copies what a device needs from elsewhere to the start of its part, in the order of first
  // use. With pipeline parallelism there are several copies, and none is ever given back
  // (ggml_backend_sched_split_graph marks them as outputs).
  void TakeInput(Place* kept, int64_t bytes) {
    for (int64_t i = 0; i < part_.copies; ++i) *kept = Alloc(bytes);
    if (part_.copies > 1) *kept = {};
  }

  void TakeInputs() {
    const int64_t per_token = graph_.tokens;
    TakeInput(&stream_, hidden_);
    // The scheduler leaves the norm at a device's border on the device before it, so both the stream and its
    // norm come over (the FIXME in llm_graph_context::cb).
    if (!part_.casts_mask) TakeInput(&normed_input_, hidden_);
    TakeInput(&positions_, 4 * per_token * PositionsPerToken(arch_));
    bool seen_full = false;
    bool seen_sliding = false;
    const int64_t full_mask = Times(graph_.cells, per_token);
    const int64_t window_mask = Times(graph_.window_cells, per_token);
    const int64_t scalar = graph_.flash_attention && (graph_.half_mask || !part_.casts_mask) ? kHalf : kFloat;
    for (int64_t layer = part_.first_layer; layer < part_.end_layer; ++layer) {
      const LayerShape& shape = Shape(layer);
      if (shape.attention.kind == AttentionKind::kNone) continue;
      const bool slides = Slides(graph_, shape.attention);
      if (slides ? seen_sliding : seen_full) {
        if (seen_full && (seen_sliding || !graph_.windowed)) break;
        continue;
      }
      (slides ? seen_sliding : seen_full) = true;
      MaskState& mask = slides ? window_ : full_;
      const int64_t k_rotation = KeyRotation(graph_, shape.attention);
      const int64_t v_rotation = ValueRotation(graph_, shape.attention);
      if (k_rotation > 0) TakeInput(&mask.k_rotation, k_rotation);
      if (v_rotation > 0) TakeInput(&mask.v_rotation, v_rotation);
      if (graph_.row_indices) {
        TakeInput(&mask.k_rows, kIndex * per_token);
        // Without flash attention V is stored transposed, element by element.
        const int64_t width = ValueWidth(graph_, shape.attention);
        if (width > 0) TakeInput(&mask.v_rows, Times(kIndex * per_token, graph_.flash_attention ? 1 : width));
      }
      TakeInput(&mask.mask, Times(scalar, slides ? window_mask : full_mask));
      mask.cells = slides ? graph_.window_cells : graph_.cells;
      mask.needs_cast = graph_.flash_attention && scalar == kFloat;
      full_cast_ = full_cast_ || (mask.needs_cast && !slides);
    }
    if (part_.output) TakeInput(&output_rows_, 4 * graph_.outputs);
  }

  struct MaskState {
    Place mask;
    Place k_rows, v_rows, k_rotation, v_rotation;
    int64_t cells = 0;
    bool needs_cast = false;
  };

  void WalkLayer(int64_t layer) {
    const LayerShape& shape = Shape(layer);
    on_host_ = layer < part_.host_layers;
    const bool attends = shape.attention.kind != AttentionKind::kNone;
    const bool recurs = shape.recurrent.kind != RecurrentKind::kNone;
    const bool mixes = attends || recurs;
    const bool feeds = shape.mlp.kind != MlpKind::kNone;
    const bool parallel = mixes && feeds && shape.norms == 1;
    if (last_layer_) FreeUnreadInputs(shape);
    const bool before = !NormalizesAfterOnly(arch_);

    Place residual = stream_;
    stream_ = {};
    Place normed = before ? Alloc(hidden_) : Place{};
    Free(&normed_input_);
    Place* const keep = parallel ? nullptr : &normed;  // who reads the normalised stream last frees it
    Place mixed;
    if (attends) mixed = WalkAttention(shape.attention, recurs ? nullptr : keep);
    if (recurs) {
      Place other = WalkRecurrent(shape.recurrent, keep);
      if (attends) Free(&mixed);
      mixed = other;
    }
    if (mixes) {
      if (last_layer_ && part_.output) SelectOutputs(&mixed, &residual, parallel ? &normed : nullptr);
      if (!parallel) Free(&residual);  // the sum is written over `mixed`
    }
    if (!feeds) {
      Free(&normed);
      stream_ = mixes ? mixed : residual;
      return;
    }
    if (parallel) {
      Place fed = WalkMlp(shape.mlp, layer, &normed);
      Free(&residual);
      Free(&mixed);
      stream_ = fed;
      return;
    }
    if (!mixes) {
      mixed = residual;
    } else {
      normed = before ? Alloc(rows_narrowed_ ? OutputRow(arch_.hidden) : hidden_) : Place{};
    }
    Place fed = WalkMlp(shape.mlp, layer, &normed);
    Free(&mixed);
    stream_ = fed;
  }

  void FreeMask(MaskState* mask) {
    if (mask == &full_) return allocator_.FreeStretchable(&mask->mask);
    Free(&mask->mask);
  }

  // What the last layer does not read was read for the last time before it.
  void FreeUnreadInputs(const LayerShape& last) {
    const bool attends = last.attention.kind != AttentionKind::kNone;
    const bool slides = attends && Slides(graph_, last.attention);
    for (MaskState* mask : {&full_, &window_}) {
      if (attends && (mask == &window_) == slides) continue;
      FreeMask(mask);
      Free(&mask->k_rotation);
      Free(&mask->v_rotation);
      Free(&mask->k_rows);
      Free(&mask->v_rows);
    }
    if (!attends) Free(&positions_);
  }

  // In the last layer only the rows whose logits are wanted go on.
  void SelectOutputs(Place* mixed, Place* residual, Place* normed) {
    const int64_t rows = OutputRow(arch_.hidden);
    *mixed = Op(rows, mixed);
    *residual = Op(rows, residual);
    if (normed != nullptr) *normed = Op(rows, normed);
    Free(&output_rows_);
    rows_narrowed_ = true;
  }

  int64_t OutputRow(int64_t width) const { return Times(Times(kFloat, graph_.outputs), width); }
  int64_t MlpRow(int64_t width) const { return rows_narrowed_ ? OutputRow(width) : Row(width); }

  // ---- attention
  // -------------------------------------------------------------------------------------------

  Place WalkAttention(const Attention& attention, Place* normed) {
    MaskState& mask = Slides(graph_, attention) ? window_ : full_;
    const bool latent = attention.kind == AttentionKind::kLatent;
    return latent ? WalkLatent(attention, normed, &mask) : WalkHeads(attention, normed, &mask);
  }

  // Projections, cache update, attention, output projection: build_qkv and build_attn.
  Place WalkHeads(const Attention& attention, Place* normed, MaskState* mask) {
    const int64_t query = Row(Times(attention.heads, attention.key_dim));
    const int64_t keys = Row(Times(attention.kv_heads, attention.key_dim));
    const int64_t values = Row(Times(attention.kv_heads, attention.value_dim));
    const bool rotate_k = KeyRotation(graph_, attention) > 0;
    const bool rotate_v = ValueRotation(graph_, attention) > 0;

    Place gate_and_query;  // the gate half is read after attention
    Place q;
    if (attention.query_gate) {
      gate_and_query = Alloc(Times(2, query));
      q = Alloc(query);
    } else {
      q = Alloc(query);
    }
    if (attention.rope && !attention.query_gate) q = Op(query, &q);
    if (rotate_k) q = Op(query, &q);
    if (attention.shares_kv) {
      if (normed != nullptr) Free(normed);
    } else {
      Place v = Alloc(values);
      if (rotate_v) v = Op(values, &v);
      Place k = Alloc(keys);
      if (normed != nullptr) Free(normed);
      if (attention.rope) k = Op(keys, &k);
      if (rotate_k) k = Op(keys, &k);
      Free(&k);
      Free(&v);
    }
    ReadCacheInputs(mask);
    Place out = Attend(attention.heads, Row(Times(attention.heads, attention.value_dim)), &q, mask, false);
    if (rotate_v || !graph_.flash_attention) out = Op(Row(Times(attention.heads, attention.value_dim)), &out);
    if (last_layer_) Free(&mask->v_rotation);
    if (attention.query_gate) {
      Place gate = Op(query, &gate_and_query);
      Free(&gate);  // the product is written over `out`
    }
    return Op(hidden_, &out);
  }

  // Positions and cache rows are read for the last time in the last layer.
  void ReadCacheInputs(MaskState* mask) {
    if (!last_layer_) return;
    Free(&positions_);
    Free(&mask->k_rotation);
    Free(&mask->k_rows);
    Free(&mask->v_rows);
  }

  // The attention itself. `attended` is the size of its result.
  Place Attend(int64_t heads, int64_t attended, Place* q, MaskState* mask, bool value_is_view_of_key) {
    if (graph_.flash_attention) {
      if (mask->needs_cast) {
        Place cast = Alloc(Times(Times(kHalf, mask->cells), graph_.tokens));
        Free(&mask->mask);
        mask->mask = cast;
        mask->needs_cast = false;
      }
      Place result = Op(attended, q);
      if (last_layer_) FreeMask(mask);
      return result;
    }
    Place scores = Alloc(Times(Row(mask->cells), heads));
    Free(q);
    if (last_layer_) FreeMask(mask);
    Place transposed;  // V is stored transposed, but a view of K has to be turned here
    if (value_is_view_of_key) transposed = Alloc(Times(Times(kHalf, mask->cells), value_width_));
    Place result = Alloc(attended);
    Free(&transposed);
    Free(&scores);
    return result;
  }

  // MLA. With the latent cache, queries are taken into the latent space and the result out of it
  // (src/models/deepseek2.cpp); older builds expand K and V to full heads.
  Place WalkLatent(const Attention& attention, Place* normed, MaskState* mask) {
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
    ReadCacheInputs(mask);
    value_width_ = rank;
    Place out = Attend(heads, Row(Times(heads, rank)), &joined, mask, graph_.latent_without_v);
    const int64_t values = Row(Times(heads, attention.value_dim));
    out = Op(values, &out);
    out = Op(values, &out);  // made contiguous
    return Op(hidden_, &out);
  }

  Place WalkLatentExpanded(const Attention& attention, Place* normed, MaskState* mask, Place* q) {
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
    ReadCacheInputs(mask);
    Place out = Attend(heads, Row(Times(heads, attention.value_dim)), &joined, mask, false);
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

    Place conv_state = Alloc(States(Times(taps, r.conv_channels)));
    Place mixed = Alloc(channels);
    Place conv_input =
        Op(internal::SaturatingAdd(channels, States(Times(taps, r.conv_channels))), &conv_state);
    Free(&mixed);
    Place state = Alloc(States(state_elements));
    Place convolved = Op(channels, &conv_input);
    Place q = Alloc(keys);
    Place k = Alloc(keys);
    Place alpha = Alloc(per_head);
    Place beta = Alloc(per_head);
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
      // The states go to the cache; the norm is written over the rest, the tail is given back.
      Place tail = {out.offset + RoundUp(values, GraphAllocator::kAlignment),
                    out.size - RoundUp(values, GraphAllocator::kAlignment)};
      if (tail.size > 0) {
        out.size -= tail.size;
        Free(&tail);
      }
    } else {
      out =
          WalkChunks(values, per_head, &q, &k, &convolved, &alpha, &beta, &state, states_of(state_elements));
    }
    Place gate = Alloc(values);
    if (normed != nullptr) Free(normed);
    Free(&gate);
    return Op(hidden_, &out);
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
    if (mlp.kind == MlpKind::kDense) return WalkDense(mlp.intermediate, mlp, normed);
    Place beside;
    Place input;
    if (mlp.dense_beside) {
      // Gemma 4: a dense MLP with its own norms, then the experts on another norm of the same stream.
      beside = WalkDense(mlp.intermediate, mlp, normed);
      input = Alloc(MlpRow(arch_.hidden));
    } else {
      input = *normed;
      *normed = {};
    }
    Place out = WalkExperts(mlp, layer, &input);
    if (mlp.shared_intermediate > 0) {
      Place shared = WalkDense(mlp.shared_intermediate, mlp, &input);
      Free(&shared);  // added to `out`
    }
    Free(&input);
    Free(&beside);
    return out;
  }

  Place WalkDense(int64_t width, const Mlp& mlp, Place* normed) {
    const int64_t wide = MlpRow(width);
    Place hidden;
    if (!mlp.gated) {
      hidden = Product(wide);  // the activation is written in place
      Free(normed);
    } else if (fused_gate_up_ && mlp.kind == MlpKind::kDense) {
      Place both = Op(Times(2, wide), normed);
      hidden = Alloc(wide);
      Place up;
      if (!graph_.glu_operator) up = Alloc(wide);  // both halves were made contiguous first
      Free(&both);
      Free(&up);
    } else if (graph_.glu_operator) {
      Place gate = Product(wide);
      Place up = Product(wide);
      Free(normed);
      hidden = Op(wide, &gate);
      Free(&up);
    } else {
      hidden = Product(wide);
      Place up = Product(wide);
      Free(normed);
      Free(&up);
    }
    Place out = Product(MlpRow(arch_.hidden));
    Free(&hidden);
    return out;
  }

  // build_moe_ffn. `normed` stays, for the shared experts.
  Place WalkExperts(const Mlp& mlp, int64_t layer, Place* normed) {
    const int64_t used = std::max<int64_t>(mlp.experts_per_token, 1);
    const int64_t wide = Times(MlpRow(mlp.expert_intermediate), used);
    const int64_t expert_hidden = mlp.expert_hidden > 0 ? mlp.expert_hidden : arch_.hidden;
    const int64_t outputs = Times(MlpRow(expert_hidden), used);
    const bool staged = layer < part_.staged_layers || on_host_;

    Place probabilities = Alloc(MlpRow(mlp.experts));
    Place biased;
    if (mlp.selection_bias) biased = Alloc(MlpRow(mlp.experts));
    Place sorted = Op(MlpRow(mlp.experts), &biased);
    Place weights = Op(MlpRow(used), &probabilities);

    Place reduced;  // LatentMoE: experts read a narrower projection
    if (expert_hidden != arch_.hidden) reduced = Alloc(MlpRow(expert_hidden));
    Place gate;
    if (mlp.gated) gate = ExpertProduct(wide, staged);
    Place up = ExpertProduct(wide, staged);
    Free(&reduced);
    if (mlp.shared_intermediate == 0) Free(normed);
    Place hidden;
    if (mlp.gated && graph_.glu_operator) {
      hidden = Op(wide, &gate);
      Free(&up);
    } else {
      hidden = mlp.gated ? gate : up;
      if (mlp.gated) Free(&up);
    }
    Place experts = ExpertProduct(outputs, staged);
    Free(&hidden);
    Free(&sorted);
    Free(&weights);
    Place sum = Op(MlpRow(expert_hidden), &experts);
    if (expert_hidden == arch_.hidden) return sum;
    return Op(MlpRow(arch_.hidden), &sum);
  }

  // A product with a stack of experts. Experts in RAM are first copied to the card, all of them
  // (op offload, ggml_backend_sched_split_graph: a split per weight).
  Place ExpertProduct(int64_t bytes, bool staged) {
    if (!staged) return Alloc(bytes);
    Place weight = Alloc(part_.staged_bytes);
    return Op(bytes, &weight);
  }

  // A product with a matrix of the layer; a matrix in RAM is copied to the card first.
  Place Product(int64_t bytes) {
    if (!on_host_) return Alloc(bytes);
    Place weight = Alloc(part_.staged_matrix);
    return Op(bytes, &weight);
  }

  // The last norm is written over the stream.
  void WalkOutput() {
    Place weight;
    if (part_.staged_output > 0) weight = Alloc(part_.staged_output);
    Place logits = Alloc(OutputRow(arch_.vocab));
    Free(&weight);
    Free(&stream_);
    Free(&logits);
  }

  const LlamaGraph& graph_;
  const LlamaGraphPart& part_;
  const Architecture& arch_;
  const int64_t hidden_;
  GraphAllocator allocator_;
  Place stream_, normed_input_, positions_, output_rows_;
  MaskState full_, window_;
  int64_t value_width_ = 0;
  const bool fused_gate_up_ = FusesGateAndUp(arch_);
  bool full_cast_ = false;
  bool last_layer_ = false;
  bool on_host_ = false;
  bool rows_narrowed_ = false;
};

}  // namespace

Bytes ComputeBuffer(const LlamaGraph& graph, const LlamaGraphPart& part) {
  return Bytes(GraphWalk(graph, part).Run());
}

ComputeBufferWalk::ComputeBufferWalk(const LlamaGraph& graph, const LlamaGraphPart& part)
    : cells_(graph.cells), window_cells_(graph.window_cells), tokens_(graph.tokens), outputs_(graph.outputs) {
  GraphWalk walk(graph, part);
  bytes_ = Bytes(walk.Run());
  least_cells_ = walk.LeastCells();
  most_cells_ = walk.MostCells();
  per_cell_ = walk.BytesPerCell();
}

bool ComputeBufferWalk::AnswersFor(const LlamaGraph& graph) const {
  if (graph.tokens != tokens_ || graph.outputs != outputs_) return false;
  if (graph.windowed && graph.window_cells != window_cells_) return false;
  if (graph.cells == cells_) return true;
  return graph.cells >= std::max<int64_t>(least_cells_, 1) && graph.cells <= most_cells_ &&
         graph.cells % GraphWalk::kCellBlock == 0 &&
         Times(per_cell_, graph.cells) < GraphAllocator::kLargestTensor;
}

Bytes ComputeBufferWalk::BytesFor(const LlamaGraph& graph) const {
  return bytes_ + Bytes(per_cell_) * (graph.cells - cells_);
}

Bytes HostComputeBuffer(const LlamaGraph& graph, int64_t copies, int64_t host_layers) {
  const Architecture& arch = *graph.architecture;
  const int64_t tokens = graph.tokens;
  const Bytes embedding = Bytes(kFloat) * tokens * arch.hidden;
  Bytes inputs = Bytes(4) * tokens;  // token ids
  inputs += Bytes(4) * tokens * PositionsPerToken(arch);
  inputs += Bytes(4) * graph.outputs;  // which rows give logits
  if (graph.embedding_input) inputs += embedding;
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
  return inputs * copies + transient;
}

}  // namespace plimsoll
