#include "core/llama_plan.h"

#include <algorithm>
#include <cstddef>

#include "core/kv_cache.h"
#include "core/llama_rules.h"
#include "core/measured_constants.h"

namespace plimsoll {

namespace {

// A plain format means the conversion that keeps that type: llama.cpp reads nothing but GGUF.
WeightFormat AsGguf(const WeightFormat& format) {
  if (format.family == FormatFamily::kGguf) return format;
  WeightFormat converted;
  converted.family = FormatFamily::kGguf;
  converted.dtype = format.dtype;
  const GgufFileType type = format.dtype == DType::kFp32   ? GgufFileType::kF32
                            : format.dtype == DType::kFp16 ? GgufFileType::kF16
                                                           : GgufFileType::kBf16;
  converted.gguf_type = static_cast<int>(type);
  return converted;
}

GgufLayout LayOut(const Architecture& architecture, const WeightFormat& format) {
  return LayOutGguf(architecture, AsGguf(format));
}

// What -ot moves, with each tensor's bytes in its layer's type.
std::vector<MovedTensor> MovedTensors(const Resolved& resolved) {
  std::vector<MovedTensor> moved;
  if (resolved.overrides.empty()) return moved;
  const Architecture& architecture = *resolved.architecture;
  const WeightFormat format = AsGguf(*resolved.format);
  std::vector<GgmlType> types;  // of the tensor at hand, in its layers
  int32_t tensor_at = -1;
  for (const TensorOverrides::Move& move : resolved.overrides.moves) {
    const GgufTensor& tensor = architecture.gguf[static_cast<size_t>(move.tensor)];
    if (move.tensor != tensor_at) types = GgufTensorTypes(architecture, format, move.tensor);
    tensor_at = move.tensor;
    size_t place = 0;
    if (move.layer >= 0) {
      place = static_cast<size_t>(tensor.mtp ? move.layer - architecture.layers
                                             : architecture.LayersBefore(tensor.group, move.layer));
    }
    if (place >= types.size()) continue;
    const Bytes bytes =
        GgmlBytes(types[place], tensor.ne0, internal::SaturatingMultiply(tensor.ne1, tensor.ne2));
    moved.push_back(
        {move.layer, move.card, tensor.expert, tensor.category == GgufCategory::kTokenEmbedding, bytes});
  }
  return moved;
}

const GgufLayout* RememberedLayout(const Resolved& resolved) {
  const BoundFormat* bound = resolved.bound;
  const bool same = bound != nullptr && bound->format == resolved.format;
  return same && resolved.format->family == FormatFamily::kGguf ? &bound->gguf : nullptr;
}

std::vector<Bytes> FreeMemory(const Resolved& resolved) {
  std::vector<Bytes> free;
  free.reserve(resolved.cards.size());
  for (const Card& card : resolved.cards) {
    free.push_back(card.capacity - card.others - LlamaRuntimeBytes(*card.gpu));
  }
  return free;
}

// The projector file (mmproj) holds the vision tower in 16 bits, vectors and position tables in 32
// (convert_hf_to_gguf.py tensor_force_quant; unsloth/Qwen3.5-397B-A17B-GGUF lists 918 MB); its compute buffer
// is small beside it.
Bytes VisionBytes(const Architecture& architecture) {
  Bytes weights;
  for (const Tensor& tensor : architecture.tensors) {
    if (tensor.part != TensorPart::kVision) continue;
    const bool positions = !tensor.linear && tensor.name.find("pos") != std::string::npos;
    weights += Bytes(tensor.columns == 1 || positions ? 4 : 2) * tensor.rows * tensor.columns * tensor.times;
  }
  if (weights == Bytes(0)) return weights;
  return weights + MiBFromDouble(Value(Measure::kLlamaVisionBuffer));
}

// Whether two cards behind the first need the same buffer: the same kinds of layers, as often as a walk tells
// apart, beginning and ending alike.
bool AlikeParts(const Architecture& architecture, const LlamaGraphPart& a, const LlamaGraphPart& b) {
  if (a.output != b.output || a.copies != b.copies) return false;
  if (a.first_layer >= a.end_layer || b.first_layer >= b.end_layer) return false;
  const auto kind = [&](int64_t layer) { return architecture.layer_group[static_cast<size_t>(layer)]; };
  if (kind(a.first_layer) != kind(b.first_layer) || kind(a.end_layer - 1) != kind(b.end_layer - 1))
    return false;
  for (size_t group = 0; group < architecture.groups.size(); ++group) {
    const int32_t index = static_cast<int32_t>(group);
    const auto layers = [&](const LlamaGraphPart& part) {
      return std::min(architecture.LayersBefore(index, static_cast<int32_t>(part.end_layer)) -
                          architecture.LayersBefore(index, static_cast<int32_t>(part.first_layer)),
                      4);
    };
    if (layers(a) != layers(b)) return false;
  }
  return true;
}

// Drafting with the model's own prediction layers needs a file that holds them. Where the usual conversion
// leaves them out, they are taken to be quantised as the last layer is.
Bytes MissingDraftLayers(const Resolved& resolved, const GgufLayout& layout) {
  const Architecture& architecture = *resolved.architecture;
  const bool drafts =
      resolved.speculative.num_tokens > 0 && resolved.speculative.method == SpeculativeMethod::kMtp;
  const bool held = static_cast<int64_t>(layout.layers.size()) > architecture.layers;
  if (!drafts || held || architecture.mtp_layers <= 0 || layout.layers.empty()) return Bytes(0);
  const int32_t last = architecture.layer_group.back();
  double own = 0, last_elements = 0;
  for (const Tensor& tensor : architecture.tensors) {
    if (tensor.duplicate) continue;
    const double elements = static_cast<double>(tensor.rows) * static_cast<double>(tensor.columns);
    if (tensor.part == TensorPart::kMtp) own += elements * static_cast<double>(tensor.times);
    if (tensor.part == TensorPart::kText && tensor.group == last) {
      last_elements += elements * static_cast<double>(tensor.copies);
    }
  }
  if (last_elements <= 0) return Bytes(0);
  const GgufLayout::Layer& layer = layout.layers.back();
  return BytesFromDouble(own / last_elements * static_cast<double>((layer.dense + layer.experts).count()));
}

constexpr Bytes kSmallestStaged = KiB(64);

// src/llama-adapter.cpp: each adapter keeps A and B of every adapted matrix where the matrix itself lies, in
// 16 bits as convert_lora_to_gguf.py writes them. Adapters touch attention and the dense MLP.
std::vector<Bytes> AdapterBytes(const Architecture& architecture, const Lora& lora) {
  std::vector<Bytes> bytes;
  if (lora.max_loras <= 0) return bytes;
  bytes.resize(architecture.groups.size());
  for (const Tensor& tensor : architecture.tensors) {
    const bool adapted = tensor.role == TensorRole::kAttention || tensor.role == TensorRole::kMlp;
    if (!adapted || !tensor.linear || tensor.part != TensorPart::kText || tensor.group < 0) continue;
    bytes[static_cast<size_t>(tensor.group)] +=
        Bytes(2 * lora.max_loras * lora.max_rank) * (tensor.rows + tensor.columns);
  }
  return bytes;
}

bool IsQuantized(KvType type) {
  return type == KvType::kQ8_0 || type == KvType::kQ5_1 || type == KvType::kQ5_0 || type == KvType::kQ4_1 ||
         type == KvType::kQ4_0;
}

}  // namespace

Bytes LlamaRuntimeBytes(const Gpu& gpu) {
  switch (gpu.vendor) {
    case Vendor::kNvidia:
      return MiBFromDouble(Value(gpu.compute_capability >= 100 ? Measure::kLlamaRuntimeBlackwell
                                                               : Measure::kLlamaRuntimeCuda));
    case Vendor::kAmd:
      return MiBFromDouble(Value(Measure::kLlamaRuntimeHip));
    default:
      return MiBFromDouble(Value(Measure::kLlamaRuntimeOther));
  }
}

LlamaPlan::LlamaPlan(const Resolved& resolved)
    : resolved_(resolved), layout_(RememberedLayout(resolved)), text_layers_(resolved.architecture->layers) {
  if (layout_ == nullptr) {
    own_layout_ = LayOut(*resolved.architecture, *resolved.format);
    layout_ = &own_layout_;
  }
  moved_ = MovedTensors(resolved);
  placement_ = PlaceLlamaModel(resolved, *layout_, FreeMemory(resolved), moved_);
  walks_.resize(placement_.devices.size());
  const Bytes prediction = MissingDraftLayers(resolved, *layout_);
  if (prediction > Bytes(0)) {
    for (LlamaDevice& device : placement_.devices) {
      if (device.output) device.weights += prediction;
    }
    if (placement_.host_output) placement_.host_weights += prediction;
  }
  if (resolved.draft != nullptr && resolved.draft_format != nullptr) {
    const GgufLayout draft = LayOut(resolved.draft->architecture, *resolved.draft_format);
    draft_weights_ = draft.tensors + (draft.tied ? draft.output : Bytes(0)) - draft.token_embedding;
  }
  adapters_ = AdapterBytes(*resolved.architecture, resolved.lora);
  if (resolved.multimodal) vision_ = VisionBytes(*resolved.architecture);
}

LlamaGraph LlamaPlan::Graph(const LlamaCache& cache) const {
  const EngineVersion& version = resolved_.version;
  LlamaGraph graph;
  graph.architecture = resolved_.architecture;
  graph.tokens = std::max<int64_t>(std::min(resolved_.n_ubatch, cache.context), 1);
  graph.outputs = graph.tokens;
  if (Has(version, LlamaChange::kFewLogits)) {
    const int64_t per_slot = 1 + std::max<int64_t>(resolved_.speculative.num_tokens, 0);
    graph.outputs = std::min(graph.tokens, internal::SaturatingMultiply(cache.sequences, per_slot));
  }
  graph.sequences = cache.sequences;
  graph.cells = cache.cells;
  graph.window_cells = cache.window_cells;
  graph.windowed = cache.slides;
  graph.flash_attention = resolved_.flash_attention;
  graph.quantized_k = IsQuantized(cache.types.k);
  graph.quantized_v = IsQuantized(cache.types.v);
  graph.snapshots = cache.snapshots;
  graph.glu_operator = Has(version, LlamaChange::kGluOperator);
  graph.row_indices = Has(version, LlamaChange::kRowIndices);
  graph.embedding_input = Has(version, LlamaChange::kEmbeddingInput);
  graph.half_mask = Has(version, LlamaChange::kHalfMask);
  graph.rotate_cache = Has(version, LlamaChange::kCacheRotation);
  graph.fused_delta_net = Has(version, LlamaChange::kFusedDeltaNet);
  graph.latent_cache = cache.latent;
  graph.latent_without_v = cache.latent_without_v;
  return graph;
}

LlamaGraphPart LlamaPlan::Part(size_t card) const {
  const LlamaDevice& device = placement_.devices[card];
  LlamaGraphPart part;
  part.first_layer = std::min(device.first_layer, text_layers_);
  part.end_layer = std::min(device.end_layer, text_layers_);
  part.output = device.output;
  part.casts_mask = card == 0;
  part.copies = placement_.copies;
  if (card > 0) return part;
  // Batches are large enough to be worth copying weights from RAM to the first card (op offload).
  part.staged_layers = resolved_.n_cpu_moe;
  part.staged_bytes = layout_->largest_expert.count();
  if (!moved_.empty()) StageMoved(&part);
  if (placement_.host_layers > 0) {
    part.first_layer = 0;
    part.end_layer = std::max(part.end_layer, std::min(placement_.host_layers, text_layers_));
    part.host_layers = std::max(part.host_layers, placement_.host_layers);
    part.staged_matrix = std::max(part.staged_matrix, LargestMatrix().count());
  }
  if (placement_.host_output) {
    part.output = true;
    part.staged_output = layout_->output.count();
  }
  return part;
}

// What -ot keeps in RAM is copied to the first card as layers in RAM are. Which of the layers they are makes
// no difference to the buffer, so the first ones stand for them.
void LlamaPlan::StageMoved(LlamaGraphPart* part) const {
  int64_t experts = 0, matrices = 0, last_expert = -1, last_matrix = -1;
  for (const MovedTensor& tensor : moved_) {
    // Norms and biases are not worth a copy: they stay where they are used.
    if (tensor.card >= 0 || tensor.layer < 0 || tensor.bytes < kSmallestStaged) continue;
    int64_t& last = tensor.expert ? last_expert : last_matrix;
    if (tensor.layer > last) ++(tensor.expert ? experts : matrices);
    last = std::max(last, tensor.layer);
    int64_t& largest = tensor.expert ? part->staged_bytes : part->staged_matrix;
    largest = std::max(largest, tensor.bytes.count());
  }
  const int64_t end = std::max(part->end_layer, part->first_layer + 1);
  if (experts > 0)
    part->staged_layers = std::max(part->staged_layers, std::min(part->first_layer + experts, end));
  if (matrices > 0) part->host_layers = std::min(part->first_layer + matrices, end);
}

// Of a layer's dense part, by its share of the elements.
Bytes LlamaPlan::LargestMatrix() const {
  const Architecture& architecture = *resolved_.architecture;
  const LayerShape& shape = architecture.groups[architecture.layer_group[0]].shape;
  const int64_t width =
      shape.mlp.kind == MlpKind::kDense ? shape.mlp.intermediate : shape.mlp.shared_intermediate;
  double largest = 0, all = 0;
  for (const Tensor& tensor : architecture.tensors) {
    if (tensor.group != architecture.layer_group[0] || tensor.role == TensorRole::kExpert) continue;
    const double elements = static_cast<double>(tensor.rows) * static_cast<double>(tensor.columns);
    all += elements * static_cast<double>(tensor.copies);
    if (tensor.rows == width || tensor.columns == width) largest = std::max(largest, elements);
  }
  if (all <= 0) return Bytes(0);
  return BytesFromDouble(largest / all * static_cast<double>(layout_->layers[0].dense.count()));
}

void LlamaPlan::Fill(int64_t context, std::vector<LlamaCardUse>* cards) const { Fill(context, true, cards); }

void LlamaPlan::Fill(int64_t context, bool walks, std::vector<LlamaCardUse>* cards) const {
  const Architecture& architecture = *resolved_.architecture;
  const LlamaCache cache = Cache(context);
  const LlamaGraph graph = Graph(cache);
  const size_t count = placement_.devices.size();
  cards->assign(count, LlamaCardUse{});

  constexpr size_t kMostKinds = 64;
  Bytes kv[kMostKinds];
  Bytes state[kMostKinds];
  const size_t kinds = std::min(architecture.groups.size(), kMostKinds);
  for (size_t i = 0; i < kinds; ++i) {
    kv[i] = LayerCacheBytes(cache, architecture.groups[i].shape.attention);
    state[i] = LayerStateBytes(cache, architecture.groups[i].shape.recurrent);
  }
  const Bytes beside = walks ? DraftContext(cache, graph) : Bytes(0);
  LlamaGraphPart walked;
  Bytes walked_bytes;
  for (size_t i = 0; i < count; ++i) {
    const LlamaDevice& device = placement_.devices[i];
    LlamaCardUse& use = (*cards)[i];
    use.weights = device.weights + draft_weights_ / static_cast<int64_t>(count);
    const int64_t first = std::min(device.first_layer, text_layers_);
    const int64_t end = std::min(device.end_layer, text_layers_);
    for (size_t kind = 0; kind < kinds; ++kind) {
      const int32_t group = static_cast<int32_t>(kind);
      const int64_t layers = architecture.LayersBefore(group, static_cast<int32_t>(end)) -
                             architecture.LayersBefore(group, static_cast<int32_t>(first));
      use.kv_cache += kv[kind] * layers;
      use.recurrent_state += state[kind] * layers;
      if (kind < adapters_.size()) use.beside += adapters_[kind] * layers;
    }
    const bool computes = end > first || device.output || (i == 0 && placement_.host_layers > 0);
    if (computes && walks) {
      const LlamaGraphPart part = Part(i);
      // Most cards of many hold the same layers as the card before them.
      if (!(i > 1 && AlikeParts(architecture, walked, part))) {
        walked = part;
        ComputeBufferWalk& walk = walks_[i];
        if (!walk.AnswersFor(graph)) walk = ComputeBufferWalk(graph, part);
        walked_bytes = walk.BytesFor(graph);
      }
      use.compute_buffer = walked_bytes;
    }
    if (i == 0) use.beside += vision_;
    if (device.output || (placement_.host_output && i == 0)) use.beside += beside;
    use.runtime = LlamaRuntimeBytes(*resolved_.cards[i].gpu);
    use.others = resolved_.cards[i].others;
  }
}

LlamaPlan::BufferParts LlamaPlan::PartsOfBuffer(const LlamaCache& cache, size_t card) const {
  const LlamaGraph graph = Graph(cache);
  LlamaGraphPart part = Part(card);
  const Bytes whole = ComputeBuffer(graph, part);
  BufferParts parts;
  if (part.copies > 1) {
    LlamaGraphPart single = part;
    single.copies = 1;
    parts.copies = whole - ComputeBuffer(graph, single);
  }
  if (part.staged_layers > 0 || part.host_layers > 0 || part.staged_output > 0) {
    part.staged_bytes = part.staged_matrix = part.staged_output = 0;
    parts.staged = whole - ComputeBuffer(graph, part);
  }
  return parts;
}

// Drafting has a context of its own: its KV and its compute buffer. MTP drafts with the model's own last
// layers, over the whole context.
Bytes LlamaPlan::DraftContext(const LlamaCache& cache, const LlamaGraph& graph) const {
  if (resolved_.speculative.num_tokens <= 0) return Bytes(0);
  LlamaCache own = cache;
  own.types = {KvType::kFp16, KvType::kFp16};  // --cache-type-k-draft has its own default
  own.windowed = false;
  if (resolved_.draft != nullptr) {
    const Architecture& draft = resolved_.draft->architecture;
    Bytes kv;
    for (const LayerGroup& group : draft.groups)
      kv += LayerCacheBytes(own, group.shape.attention) * group.count;
    LlamaGraph walk = graph;
    walk.architecture = &draft;
    LlamaGraphPart part;
    part.end_layer = draft.layers;
    return kv + ComputeBuffer(walk, part);
  }
  const Architecture& architecture = *resolved_.architecture;
  if (architecture.mtp_layers <= 0 || architecture.layers <= 0) return Bytes(0);
  LlamaGraphPart part;
  part.first_layer = architecture.layers - 1;
  part.end_layer = architecture.layers;
  return LayerCacheBytes(own, architecture.mtp_shape.attention) * architecture.mtp_layers +
         ComputeBuffer(graph, part);
}

HostReport LlamaPlan::Host(const LlamaCache& cache) const {
  const Architecture& architecture = *resolved_.architecture;
  const int32_t end = static_cast<int32_t>(std::min(placement_.host_layers, text_layers_));
  HostReport host;
  host.weights = placement_.host_weights;
  host.compute_buffer = HostComputeBuffer(Graph(cache), placement_.copies, placement_.host_layers);
  if (end == 0) return host;
  for (size_t i = 0; i < architecture.groups.size(); ++i) {
    const LayerShape& shape = architecture.groups[i].shape;
    const int64_t layers = architecture.LayersBefore(static_cast<int32_t>(i), end);
    host.kv_cache += LayerCacheBytes(cache, shape.attention) * layers;
    host.recurrent_state += LayerStateBytes(cache, shape.recurrent) * layers;
  }
  return host;
}

Bytes LlamaPlan::Room(int64_t context) const { return LeastRoom(context, true); }

Bytes LlamaPlan::RoomAtMost(int64_t context) const { return LeastRoom(context, false); }

Bytes LlamaPlan::LeastRoom(int64_t context, bool walks) const {
  std::vector<LlamaCardUse> cards;
  Fill(context, walks, &cards);
  Bytes least(internal::kInt64Max);
  for (size_t i = 0; i < cards.size(); ++i) {
    const Bytes room = resolved_.cards[i].capacity - cards[i].total();
    if (room < least) least = room;
  }
  return least;
}

int64_t LlamaPlan::LongestContext(Bytes margin, int64_t context, Bytes room) const {
  const int64_t block = internal::SaturatingMultiply(256, Cache(256).streams);
  const int64_t own = std::max<int64_t>(resolved_.architecture->max_positions, 1);
  const int64_t cap = std::max(own, context);
  int64_t fits = context;  // the longest length known to fit, and what it leaves
  Bytes fits_room = room - margin;
  int64_t fails = 0;  // the shortest length known to fail; 0: none
  Bytes fails_room;
  if (fits_room < Bytes(0)) {
    fails = context;
    fails_room = fits_room;
    fits = std::min(block, cap);
    if (RoomAtMost(fits) < margin) return 0;
    fits_room = Room(fits) - margin;
    if (fits_room < Bytes(0)) return 0;
  }
  if (fails == 0) {
    if (fits >= cap) return fits;
    fails_room = Room(cap) - margin;
    if (fails_room >= Bytes(0)) return cap;
    fails = cap;
  }
  // Memory grows with the context in straight pieces, so a secant lands within a block after a step or two.
  for (int step = 0; step < 32 && fails - fits > block; ++step) {
    const double share = static_cast<double>(fits_room.count()) /
                         std::max(static_cast<double>((fits_room - fails_room).count()), 1.0);
    const int64_t reach = static_cast<int64_t>(share * static_cast<double>(fails - fits)) / block * block;
    // Halving now and then bounds the number of steps whatever the shape.
    int64_t at = fits + (step % 4 == 3 ? (fails - fits) / 2 / block * block : reach);
    at = std::clamp(at, fits + block, fails - 1);
    const Bytes left = Room(at) - margin;
    if (left >= Bytes(0)) {
      fits = at;
      fits_room = left;
      // If the next block's share of what is left is not there, this is the answer.
      const double slope =
          static_cast<double>((fits_room - fails_room).count()) / static_cast<double>(fails - fits);
      if (static_cast<double>(left.count()) < slope * static_cast<double>(block) * 0.9) break;
    } else {
      fails = at;
      fails_room = left;
    }
  }
  return fits;
}

}  // namespace plimsoll
