#include "core/engines/llama_cpp/llama_plan.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>

#include "core/arch/kv_cache.h"
#include "core/engines/llama_cpp/llama_data.h"
#include "core/engines/llama_cpp/llama_overrides.h"
#include "core/engines/llama_cpp/llama_rules.h"
#include "core/engines/measured_constants.h"
#include "core/resolve/memory_parts.h"

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

// Matrices that the processor multiplies with in another order are kept in that order; what is mapped from
// the file stays mapped besides (ggml/src/ggml-cpu/repack.cpp, with AVX2).
Bytes RepackedBytes(const Resolved& resolved) {
  const Architecture& architecture = *resolved.architecture;
  const WeightFormat format = AsGguf(*resolved.format);
  Bytes bytes;
  for (size_t i = 0; i < architecture.gguf.size(); ++i) {
    const GgufTensor& tensor = architecture.gguf[i];
    constexpr int64_t kRowsAtOnce = 8;
    if (tensor.ne1 <= 1 || tensor.ne1 % kRowsAtOnce != 0 || tensor.mtp || tensor.group < 0) continue;
    for (const GgmlType type : GgufTensorTypes(architecture, format, static_cast<int32_t>(i))) {
      const bool repacks = type == GgmlType::kQ4_0 || type == GgmlType::kQ4K || type == GgmlType::kIq4Nl;
      if (repacks) bytes += GgmlBytes(type, tensor.ne0, internal::SaturatingMultiply(tensor.ne1, tensor.ne2));
    }
  }
  return bytes;
}

bool DraftsWithMtp(const Resolved& resolved) {
  return resolved.speculative.num_tokens > 0 && resolved.speculative.method == SpeculativeMethod::kMtp;
}

// Whether the prediction layers that the file holds are loaded. Before llama.cpp could draft with them they
// were skipped, or left out by the converter; for some months of 2026 they were loaded whenever they were
// there; since then only when they draft ("model has unused tensor blk.64...").
bool LoadsMtp(const Resolved& resolved) {
  if (DraftsWithMtp(resolved)) return true;
  const bool reads = resolved.architecture->model_type.rfind("qwen3_5", 0) == 0 &&
                     Has(BuildOf(resolved), LlamaChange::kLoadsMtp);
  return reads && !Has(BuildOf(resolved), LlamaChange::kLoadsUsedMtp);
}

// What -ot moves, with each tensor's bytes in its layer's type.
std::vector<MovedTensor> MovedTensors(const Resolved& resolved) {
  std::vector<MovedTensor> moved;
  if (OverridesOf(resolved).empty()) return moved;
  const Architecture& architecture = *resolved.architecture;
  const WeightFormat format = AsGguf(*resolved.format);
  std::vector<GgmlType> types;  // of the tensor at hand, in its layers
  int32_t tensor_at = -1;
  for (const TensorOverrides::Move& move : OverridesOf(resolved).moves) {
    const GgufTensor& tensor = architecture.gguf[static_cast<size_t>(move.tensor)];
    if (tensor.mtp && !LoadsMtp(resolved)) continue;
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
    moved.push_back({move.layer, move.tensor, move.card, tensor.expert,
                     tensor.category == GgufCategory::kTokenEmbedding, bytes});
  }
  return moved;
}

const GgufLayout* RememberedLayout(const Resolved& resolved) {
  const BoundFormat* bound = resolved.bound;
  const bool same = bound != nullptr && bound->format == resolved.format;
  return same && resolved.format->family == FormatFamily::kGguf ? &bound->gguf : nullptr;
}

struct KeptWalk final : Attachment::Value {
  explicit KeptWalk(const Architecture& architecture) : walk(UsualWalk(architecture)) {}
  ComputeBufferWalk walk;
};

// What the compute buffer is derived from most often, walked once for a model and its format.
const ComputeBufferWalk* RememberedWalk(const Resolved& resolved) {
  if (RememberedLayout(resolved) == nullptr) return nullptr;
  const Attachment& attachment = resolved.bound->attachment;
  const Attachment::Value* kept = attachment.Find();
  if (kept == nullptr) kept = attachment.Keep(std::make_unique<KeptWalk>(*resolved.bound->architecture));
  return &static_cast<const KeptWalk*>(kept)->walk;
}

std::vector<Bytes> FreeMemory(const Resolved& resolved) {
  std::vector<Bytes> free;
  free.reserve(resolved.cards.size());
  for (const Card& card : resolved.cards) {
    free.push_back(card.capacity - card.others - LlamaRuntimeBytes(*card.gpu, BackendOf(resolved)));
  }
  return free;
}

// Drafting with the model's own prediction layers needs a file that holds them. Where the usual conversion
// leaves them out, they are taken to be quantised as the last layer is.
Bytes MissingDraftLayers(const Resolved& resolved, const GgufLayout& layout) {
  const Architecture& architecture = *resolved.architecture;
  const bool held = static_cast<int64_t>(layout.layers.size()) > architecture.layers;
  if (!DraftsWithMtp(resolved) || held || architecture.mtp_layers <= 0 || layout.layers.empty())
    return Bytes(0);
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

// The same layers, of which those behind the first `kept` weigh nothing, or are not there at all: files for
// builds that know no prediction layers have none.
GgufLayout WithoutLayersFrom(size_t kept, bool counted, const GgufLayout& layout) {
  GgufLayout without = layout;
  if (!counted) without.layers.resize(kept);
  for (size_t i = kept; i < without.layers.size(); ++i) without.layers[i] = {};
  SumLayers(&without);
  return without;
}

// Which of a layer's stacks of experts a tensor is; nullptr: none, or the prediction layers'. One that holds gate and
// up counts as the latter.
int64_t StagedExperts::*PartOfExperts(const GgufTensor& tensor) {
  const auto named = [&tensor](std::string_view part) { return tensor.name.find(part) != std::string::npos; };
  if (!tensor.expert || tensor.mtp || tensor.ne2 <= 1) return nullptr;
  if (named("ffn_gate_exps")) return &StagedExperts::gate;
  if (named("ffn_up_exps") || named("ffn_gate_up_exps")) return &StagedExperts::up;
  return named("ffn_down_exps") ? &StagedExperts::down : nullptr;
}

constexpr Bytes kSmallestStaged = KiB(64);

// LoRA matrices beside one layer of each group; empty: none.
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

// The graph of one batch at the cache's present length.
void SetLengths(const Resolved& resolved, const LlamaCache& cache, LlamaGraph* graph) {
  graph->tokens = std::max<int64_t>(std::min(resolved.n_ubatch, cache.context), 1);
  graph->outputs = graph->tokens;
  if (OptionsOf(resolved).few_logits || Has(BuildOf(resolved), LlamaChange::kFewLogits)) {
    const int64_t per_slot = 1 + std::max<int64_t>(resolved.speculative.num_tokens, 0);
    graph->outputs = std::min(graph->tokens, internal::SaturatingMultiply(cache.sequences, per_slot));
  }
  graph->cells = cache.cells;
  graph->window_cells = cache.window_cells;
}

bool Widens(const Resolved& resolved, const KvTypes& types) {
  const LlamaBackend backend = BackendOf(resolved);
  const bool metal = backend == LlamaBackend::kMetal;
  const bool cuda = backend == LlamaBackend::kCuda || backend == LlamaBackend::kHip;
  const bool as_stored = types.k == KvType::kFp16 && types.v == KvType::kFp16;
  return (metal || cuda) && !as_stored &&
         Has(BuildOf(resolved), metal ? LlamaChange::kWideCacheMetal : LlamaChange::kWideCacheCuda);
}

LlamaGraph GraphOf(const Resolved& resolved, const LlamaCache& cache) {
  const EngineVersion& version = BuildOf(resolved);
  LlamaGraph graph;
  graph.architecture = resolved.architecture;
  graph.sequences = cache.sequences;
  graph.windowed = cache.slides;
  graph.flash_attention = resolved.flash_attention;
  graph.types = cache.types;
  graph.streams = cache.streams;
  graph.backend = BackendOf(resolved);
  const bool metal = graph.backend == LlamaBackend::kMetal;
  graph.widens_cache = Widens(resolved, cache.types);
  graph.attends_in_ram = !OptionsOf(resolved).kv_offload;
  graph.shares_memory = graph.backend == LlamaBackend::kHip && !resolved.cards.empty() &&
                        resolved.cards[0].gpu->unified_memory && Has(version, LlamaChange::kHipSharesMemory);
  graph.metal_scratch = metal && Has(version, LlamaChange::kMetalScratch);
  graph.snapshots = cache.snapshots;
  graph.glu_operator = Has(version, LlamaChange::kGluOperator);
  graph.row_indices = Has(version, LlamaChange::kRowIndices);
  graph.embedding_input = Has(version, LlamaChange::kEmbeddingInput);
  graph.half_mask = Has(version, LlamaChange::kHalfMask);
  graph.rotate_cache = Has(version, LlamaChange::kCacheRotation);
  graph.fused_delta_net = Has(version, LlamaChange::kFusedDeltaNet);
  graph.latent_cache = cache.latent;
  graph.latent_without_v = cache.latent_without_v;
  SetLengths(resolved, cache, &graph);
  return graph;
}

// A separate draft model's, all cards together.
Bytes DraftWeights(const Resolved& resolved) {
  if (resolved.draft == nullptr || resolved.draft_format == nullptr) return Bytes(0);
  const GgufLayout draft = LayOut(resolved.draft->architecture(), *resolved.draft_format);
  return draft.tensors + (draft.tied ? draft.output : Bytes(0)) - draft.token_embedding;
}

}  // namespace

// The projector file (mmproj) holds the vision tower in 16 bits, vectors and position tables in 32
// (convert_hf_to_gguf.py tensor_force_quant; unsloth/Qwen3.5-397B-A17B-GGUF lists 918 MB).
Bytes LlamaProjectorBytes(const Architecture& architecture) {
  Bytes weights;
  for (const Tensor& tensor : architecture.tensors) {
    if (tensor.part != TensorPart::kVision) continue;
    const bool positions = !tensor.linear && tensor.name.find("pos") != std::string::npos;
    weights += Bytes(tensor.columns == 1 || positions ? 4 : 2) * tensor.rows * tensor.columns * tensor.times;
  }
  return weights;
}

// What drives the card decides: Vulkan has neither CUDA's context nor its libraries.
Bytes LlamaRuntimeBytes(const Gpu& gpu, LlamaBackend backend) {
  switch (backend) {
    case LlamaBackend::kCuda:
      return MiBFromDouble(Value(gpu.compute_capability >= 100 ? Measure::kLlamaRuntimeBlackwell
                                                               : Measure::kLlamaRuntimeCuda));
    case LlamaBackend::kHip:
      return MiBFromDouble(Value(Measure::kLlamaRuntimeHip));
    default:
      return MiBFromDouble(Value(Measure::kLlamaRuntimeOther));
  }
}

Bytes LlamaBand(const Resolved& resolved, const GpuReport& use) {
  const bool staged = resolved.n_cpu_moe > 0 || !OverridesOf(resolved).empty() ||
                      resolved.n_gpu_layers <= resolved.architecture->layers;
  const double share = Value(staged ? Measure::kLlamaTightStaged : Measure::kLlamaTightCompute);
  return MiBFromDouble(Value(Measure::kLlamaTightBase)) +
         BytesFromDouble(share * static_cast<double>(use.compute_buffer.count())) +
         WeightsBand(resolved.stored, use.weights);
}

LlamaPlan::LlamaPlan(const Resolved& resolved)
    : resolved_(resolved),
      layout_(RememberedLayout(resolved)),
      text_layers_(static_cast<int32_t>(resolved.architecture->layers)),
      cache_(ShapeLlamaCache(resolved, 1)),
      graph_(GraphOf(resolved, cache_)) {
  if (layout_ == nullptr) {
    own_layout_ = LayOut(*resolved.architecture, *resolved.format);
    layout_ = &own_layout_;
  }
  if (layout_->layers.size() > static_cast<size_t>(text_layers_) && !LoadsMtp(resolved)) {
    const bool counted = Has(BuildOf(resolved), LlamaChange::kLoadsMtp);
    own_layout_ = WithoutLayersFrom(static_cast<size_t>(text_layers_), counted, *layout_);
    layout_ = &own_layout_;
  }
  moved_ = MovedTensors(resolved);
  placement_ = PlaceLlamaModel(resolved, *layout_, FreeMemory(resolved), moved_);
  graph_.keeps_norms = placement_.offloaded > static_cast<int64_t>(layout_->layers.size());
  const std::vector<LayerGroup>& groups = resolved.architecture->groups;
  cell_.reserve(groups.size());
  for (const LayerGroup& group : groups) cell_.push_back(CellBytes(cache_, group.shape.attention));
  layer_kv_.resize(groups.size());
  PlanCards();
  if (resolved.n_cpu_moe > 0 || placement_.host_layers > 0 || !moved_.empty())
    experts_in_ram_ = ExpertsInRam();
  PlanWalks();
  PlanDraft();
}

void LlamaPlan::PlanCards() {
  const Architecture& architecture = *resolved_.architecture;
  const Bytes prediction = MissingDraftLayers(resolved_, *layout_);
  if (placement_.host_output) placement_.host_weights += prediction;
  draft_weights_ = DraftWeights(resolved_);
  const Bytes draft = draft_weights_ / static_cast<int64_t>(placement_.devices.size());
  const std::vector<Bytes> adapters = AdapterBytes(architecture, resolved_.lora);
  cards_.resize(placement_.devices.size());
  for (size_t i = 0; i < cards_.size(); ++i) {
    const LlamaDevice& device = placement_.devices[i];
    CardPlan& card = cards_[i];
    card.first_layer = static_cast<int32_t>(std::min<int64_t>(device.first_layer, text_layers_));
    card.end_layer = static_cast<int32_t>(std::min<int64_t>(device.end_layer, text_layers_));
    card.drafts = device.output || (placement_.host_output && i == 0);
    card.fixed.weights = device.weights + draft;
    if (device.output) card.fixed.weights += prediction;
    if (resolved_.ram_alone && OptionsOf(resolved_).mmap) card.fixed.weights += RepackedBytes(resolved_);
    const bool idle = OptionsOf(resolved_).hides_idle_cards && device.weights == Bytes(0) && !card.drafts;
    const bool runs = !resolved_.ram_alone && !idle;
    card.fixed.non_torch = runs ? LlamaRuntimeBytes(*resolved_.cards[i].gpu, BackendOf(resolved_)) : Bytes(0);
    card.fixed.others = resolved_.cards[i].others;
    card.fixed.reserved = resolved_.cards[i].reserved;
    for (size_t kind = 0; kind < adapters.size(); ++kind) {
      card.fixed.activation += adapters[kind] * LayersOn(card, kind);
    }
    for (size_t kind = 0; kind < architecture.groups.size(); ++kind) {
      const Recurrent& recurrent = architecture.groups[kind].shape.recurrent;
      if (recurrent.kind == RecurrentKind::kNone || !OptionsOf(resolved_).kv_offload) continue;
      card.fixed.recurrent_state += LayerStateBytes(cache_, recurrent) * LayersOn(card, kind);
    }
  }
  if (resolved_.multimodal) vision_ = LlamaProjectorBytes(architecture);
  if (vision_ > Bytes(0)) vision_ += MiBFromDouble(Value(Measure::kLlamaVisionBuffer));  // small beside it
  if (OptionsOf(resolved_).mmproj_offload) {
    // mtmd takes the first device of the model.
    const auto holds = [](const CardPlan& card) { return card.fixed.weights > Bytes(0); };
    const auto first = std::find_if(cards_.begin(), cards_.end(), holds);
    if (first != cards_.end()) vision_card_ = static_cast<size_t>(first - cards_.begin());
    cards_[vision_card_].fixed.activation += vision_;
  } else {
    placement_.host_weights += vision_;
    vision_ = Bytes(0);
  }
}

void LlamaPlan::PlanWalks() {
  std::vector<const LlamaGraphPart*> parts;
  parts.reserve(cards_.size());
  for (size_t i = 0; i < cards_.size(); ++i) {
    CardPlan& card = cards_[i];
    const bool opened = placement_.offloaded > 0 || !OptionsOf(resolved_).hides_idle_cards;
    const bool computes = card.end_layer > card.first_layer || placement_.devices[i].output ||
                          (i == 0 && placement_.host_layers > 0 && opened);
    if (!computes) continue;
    card.part = Part(i);
    card.walk = 0;
    while (card.walk < parts.size() && !WalkAlike(graph_, *parts[card.walk], card.part)) ++card.walk;
    if (card.walk == parts.size()) parts.push_back(&card.part);
  }
  const ComputeBufferWalk* usual = RememberedWalk(resolved_);
  walks_.reserve(parts.size());
  for (const LlamaGraphPart* part : parts) {
    if (usual != nullptr && usual->part() == *part) {
      walks_.push_back(*usual);
    } else {
      walks_.emplace_back(*part);
    }
  }
}

// Drafting has a context of its own: its KV and its compute buffer. MTP drafts with the model's own last
// layers, over the whole context; its buffer is reserved for batches as long as the model's own.
void LlamaPlan::PlanDraft() {
  if (resolved_.speculative.num_tokens <= 0) return;
  LlamaGraphPart& part = draft_part_;
  if (resolved_.draft != nullptr) {
    part.end_layer = resolved_.draft->architecture().layers;
  } else if (resolved_.architecture->mtp_layers > 0 && text_layers_ > 0) {
    const auto drafts = [](const CardPlan& card) { return card.drafts; };
    const auto card = std::find_if(cards_.begin(), cards_.end(), drafts);
    if (card == cards_.end()) return;
    part = Part(static_cast<size_t>(card - cards_.begin()));
    part.copies = 1;
  } else {
    return;
  }
  draft_walk_.emplace(part);
}

bool LlamaPlan::DropCopies() {
  if (placement_.copies == 1 || !Has(BuildOf(resolved_), LlamaChange::kDropsCopies)) return false;
  placement_.copies = 1;
  walks_.clear();
  PlanWalks();
  SetContext(context_);
  WalkGraph();
  return true;
}

LlamaGraphPart LlamaPlan::Part(size_t card) const {
  const LlamaDevice& device = placement_.devices[card];
  LlamaGraphPart part;
  part.first_layer = cards_[card].first_layer;
  part.end_layer = cards_[card].end_layer;
  part.output = device.output;
  part.casts_mask = card == 0;
  part.copies = placement_.copies;
  ShareExperts(card, &part);
  if (card > 0) return part;
  // Batches are large enough to be worth copying weights from RAM to the first card (op offload).
  part.staged_layers = resolved_.n_cpu_moe;
  if (part.staged_layers > 0 || placement_.host_layers > 0 || !moved_.empty()) {
    part.staged_bytes = layout_->largest_expert.count();
  }
  if (!moved_.empty()) StageMoved(&part);
  if (part.staged_bytes > 0) part.experts = experts_in_ram_;
  if (placement_.host_layers > 0) {
    part.first_layer = 0;
    part.end_layer =
        std::max<int64_t>(part.end_layer, std::min<int64_t>(placement_.host_layers, text_layers_));
    part.host_layers = std::max(part.host_layers, placement_.host_layers);
    part.host_caches = OptionsOf(resolved_).kv_offload;
    if (moved_.empty()) {
      const int64_t hidden = resolved_.architecture->hidden;
      part.matrix_elements = internal::SaturatingMultiply(hidden, hidden);
      part.staged_matrix = MatrixBytes(static_cast<double>(part.matrix_elements)).count();
      part.types = TypesInRam();
    } else {
      part.staged_matrix = std::max(part.staged_matrix, LargestMatrix().count());
    }
  }
  if (placement_.host_output) {
    part.output = true;
    part.staged_output = layout_->output.count();
  }
  return part;
}

// Which experts in RAM are multiplied on another card than their layer's: the first one takes them all.
void LlamaPlan::ShareExperts(size_t card, LlamaGraphPart* part) const {
  if (card == 0) {
    for (size_t other = 1; other < cards_.size(); ++other) {
      if (cards_[other].end_layer > cards_[other].first_layer)
        part->last_card_layer = cards_[other].first_layer;
    }
  }
  if (experts_in_ram_.empty()) return;
  if (card == 0) {
    part->visits_until = text_layers_;
    return;
  }
  for (int64_t layer = part->first_layer; layer < part->end_layer; ++layer) {
    part->sends_experts = part->sends_experts || experts_in_ram_[static_cast<size_t>(layer)].any();
  }
  if (part->sends_experts) part->experts = experts_in_ram_;
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

// A stack of experts in each of its layers, as its types are; 0: not there. Of a dynamic mixture only the average is known:
// its stacks of a kind are all alike.
std::vector<Bytes> LlamaPlan::StackSizes(int32_t tensor_index) const {
  const Architecture& architecture = *resolved_.architecture;
  const WeightFormat format = AsGguf(*resolved_.format);
  const GgufTensor& tensor = architecture.gguf[static_cast<size_t>(tensor_index)];
  const std::vector<GgmlType> types = GgufTensorTypes(architecture, format, tensor_index);
  std::vector<Bytes> sizes(static_cast<size_t>(text_layers_));
  Bytes sum;
  size_t place = 0;
  for (int64_t layer = 0; layer < text_layers_ && place < types.size(); ++layer) {
    if (architecture.layer_group[static_cast<size_t>(layer)] != tensor.group) continue;
    Bytes& bytes = sizes[static_cast<size_t>(layer)];
    bytes = GgmlBytes(types[place++], tensor.ne0, internal::SaturatingMultiply(tensor.ne1, tensor.ne2));
    sum += bytes;
  }
  if (!format.approximate() || place == 0) return sizes;
  for (Bytes& bytes : sizes) {
    if (bytes > Bytes(0)) bytes = sum / static_cast<int64_t>(place);
  }
  return sizes;
}

// By tensor and layer. Files whose average is known are scaled to it.
std::vector<StagedExperts> LlamaPlan::ExpertsInRam() const {
  const Architecture& architecture = *resolved_.architecture;
  std::vector<StagedExperts> experts(static_cast<size_t>(text_layers_));
  const int64_t first_layers = std::max(resolved_.n_cpu_moe, placement_.host_layers);
  Bytes by_rules;
  for (size_t i = 0; i < architecture.gguf.size(); ++i) {
    int64_t StagedExperts::*part = PartOfExperts(architecture.gguf[i]);
    if (part == nullptr) continue;
    const std::vector<Bytes> sizes = StackSizes(static_cast<int32_t>(i));
    for (size_t layer = 0; layer < sizes.size(); ++layer) {
      by_rules += sizes[layer];
      const bool there = static_cast<int64_t>(layer) < first_layers && sizes[layer] > Bytes(0);
      if (there) experts[layer].*part = sizes[layer].count();
    }
    for (const MovedTensor& moved : moved_) {
      const bool there = moved.card < 0 && moved.layer >= 0 && moved.layer < text_layers_;
      if (moved.tensor != static_cast<int32_t>(i) || !there) continue;
      experts[static_cast<size_t>(moved.layer)].*part = sizes[static_cast<size_t>(moved.layer)].count();
    }
  }
  if (by_rules <= Bytes(0)) return {};
  for (size_t layer = 0; layer < experts.size(); ++layer) {
    experts[layer].biases = static_cast<int64_t>(layer) < first_layers;
  }
  for (const MovedTensor& moved : moved_) {
    const GgufTensor& tensor = architecture.gguf[static_cast<size_t>(moved.tensor)];
    const bool there = moved.card < 0 && moved.layer >= 0 && moved.layer < text_layers_;
    if (there && tensor.expert && tensor.ne2 <= 1) experts[static_cast<size_t>(moved.layer)].biases = true;
  }
  if (!resolved_.format->approximate()) return experts;
  Bytes held;
  for (int64_t layer = 0; layer < text_layers_; ++layer) {
    held += layout_->layers[static_cast<size_t>(layer)].experts;
  }
  const double factor = static_cast<double>(held.count()) / static_cast<double>(by_rules.count());
  for (StagedExperts& layer : experts) {
    for (int64_t* bytes : {&layer.gate, &layer.up, &layer.down}) {
      *bytes = BytesFromDouble(static_cast<double>(*bytes) * factor).count();
    }
  }
  return experts;
}

// Of a dynamic mixture only the average is known.
std::vector<StagedTypes> LlamaPlan::TypesInRam() const {
  const Architecture& architecture = *resolved_.architecture;
  const WeightFormat format = AsGguf(*resolved_.format);
  if (format.approximate()) return {};
  const int64_t layers = std::min<int64_t>(placement_.host_layers, text_layers_);
  std::vector<StagedTypes> bytes(static_cast<size_t>(layers)), elements = bytes;
  for (size_t i = 0; i < architecture.gguf.size(); ++i) {
    const GgufTensor& tensor = architecture.gguf[i];
    if (tensor.group < 0 || tensor.mtp || tensor.expert || tensor.ne1 <= 1) continue;
    const std::vector<GgmlType> types = GgufTensorTypes(architecture, format, static_cast<int32_t>(i));
    double StagedTypes::*kind = tensor.category == GgufCategory::kAttentionV ? &StagedTypes::value
                                : tensor.category == GgufCategory::kFfnDown  ? &StagedTypes::down
                                                                             : &StagedTypes::other;
    const int64_t rows = internal::SaturatingMultiply(tensor.ne1, tensor.ne2);
    size_t place = 0;
    for (int64_t layer = 0; layer < layers && place < types.size(); ++layer) {
      if (architecture.layer_group[static_cast<size_t>(layer)] != tensor.group) continue;
      const auto at = static_cast<size_t>(layer);
      bytes[at].*kind += static_cast<double>(GgmlBytes(types[place++], tensor.ne0, rows).count());
      elements[at].*kind += static_cast<double>(internal::SaturatingMultiply(tensor.ne0, rows));
    }
  }
  for (size_t layer = 0; layer < bytes.size(); ++layer) {
    for (double StagedTypes::*kind : {&StagedTypes::value, &StagedTypes::down, &StagedTypes::other}) {
      if (elements[layer].*kind > 0) bytes[layer].*kind /= elements[layer].*kind;
    }
  }
  return bytes;
}

// Of a matrix of a layer's dense part, by its share of the elements.
Bytes LlamaPlan::MatrixBytes(double elements) const {
  const Architecture& architecture = *resolved_.architecture;
  double all = 0;
  for (const Tensor& tensor : architecture.tensors) {
    if (tensor.group != architecture.layer_group[0] || tensor.role == TensorRole::kExpert) continue;
    all += static_cast<double>(tensor.rows) * static_cast<double>(tensor.columns) *
           static_cast<double>(tensor.copies);
  }
  if (all <= 0) return Bytes(0);
  return BytesFromDouble(elements / all * static_cast<double>(layout_->layers[0].dense.count()));
}

Bytes LlamaPlan::LargestMatrix() const {
  const Architecture& architecture = *resolved_.architecture;
  const LayerShape& shape = architecture.groups[architecture.layer_group[0]].shape;
  const int64_t width =
      shape.mlp.kind == MlpKind::kDense ? shape.mlp.intermediate : shape.mlp.shared_intermediate;
  double largest = 0;
  for (const Tensor& tensor : architecture.tensors) {
    if (tensor.group != architecture.layer_group[0] || tensor.role == TensorRole::kExpert) continue;
    if (tensor.rows != width && tensor.columns != width) continue;
    largest = std::max(largest, static_cast<double>(tensor.rows) * static_cast<double>(tensor.columns));
  }
  return MatrixBytes(largest);
}

int64_t LlamaPlan::LayersOn(const CardPlan& card, size_t kind) const {
  const Architecture& architecture = *resolved_.architecture;
  const auto group = static_cast<int32_t>(kind);
  return architecture.LayersBefore(group, card.end_layer) -
         architecture.LayersBefore(group, card.first_layer);
}

LlamaPlan::BufferParts LlamaPlan::PartsOfBuffer(const LlamaCache& cache, size_t card) const {
  LlamaGraph graph = GraphOf(resolved_, cache);
  graph.keeps_norms = graph_.keeps_norms;
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
    part.types.clear();
    part.experts.clear();
    parts.staged = whole - ComputeBuffer(graph, part);
  }
  return parts;
}

void LlamaPlan::SetContext(int64_t context) {
  context_ = context;
  plimsoll::SetContext(context, &cache_);
  SetLengths(resolved_, cache_, &graph_);
  const std::vector<LayerGroup>& groups = resolved_.architecture->groups;
  for (size_t kind = 0; kind < groups.size(); ++kind) {
    layer_kv_[kind] = LayerCacheBytes(cache_, groups[kind].shape.attention, cell_[kind]);
  }
}

Bytes LlamaPlan::KvCache(const CardPlan& card) const {
  Bytes kv;
  if (!OptionsOf(resolved_).kv_offload) return kv;
  for (size_t kind = 0; kind < layer_kv_.size(); ++kind) kv += layer_kv_[kind] * LayersOn(card, kind);
  return kv;
}

Bytes LlamaPlan::DraftContext() {
  if (!draft_walk_) return Bytes(0);
  LlamaCache own = cache_;
  own.types = OptionsOf(resolved_).draft_cache;
  own.windowed = false;
  LlamaGraph graph = graph_;
  graph.types = own.types;
  graph.widens_cache = Widens(resolved_, own.types);
  if (resolved_.draft == nullptr) {
    const Architecture& architecture = *resolved_.architecture;
    Bytes buffer = draft_walk_->BytesFor(graph, draft_part_);
    if (Has(BuildOf(resolved_), LlamaChange::kFewLogits)) {
      buffer += MiBFromDouble(Value(Measure::kLlamaMtpContext));
    }
    return LayerCacheBytes(own, architecture.mtp_shape.attention) * architecture.mtp_layers + buffer;
  }
  graph.architecture = &resolved_.draft->architecture();
  Bytes kv;
  for (const LayerGroup& group : graph.architecture->groups) {
    kv += LayerCacheBytes(own, group.shape.attention) * group.count;
  }
  return kv + draft_walk_->BytesFor(graph, draft_part_);
}

HostReport LlamaPlan::Host() const {
  const Architecture& architecture = *resolved_.architecture;
  CardPlan host_part;
  host_part.end_layer = static_cast<int32_t>(std::min<int64_t>(placement_.host_layers, text_layers_));
  HostReport host;
  host.weights = placement_.host_weights;
  host.compute_buffer = HostComputeBuffer(graph_, placement_.copies, placement_.host_layers,
                                          resolved_.n_cpu_moe > 0 || !moved_.empty());
  if (!OptionsOf(resolved_).kv_offload) {
    for (size_t kind = 0; kind < layer_kv_.size(); ++kind) {
      const LayerGroup& group = architecture.groups[kind];
      host.kv_cache += layer_kv_[kind] * group.count;
      host.recurrent_state += LayerStateBytes(cache_, group.shape.recurrent) * group.count;
    }
    return host;
  }
  if (host_part.end_layer == 0) return host;
  host.kv_cache = KvCache(host_part);
  for (size_t kind = 0; kind < architecture.groups.size(); ++kind) {
    host.recurrent_state +=
        LayerStateBytes(cache_, architecture.groups[kind].shape.recurrent) * LayersOn(host_part, kind);
  }
  return host;
}

std::vector<GpuReport> LlamaPlan::Fill(int64_t context) {
  SetContext(context);
  WalkGraph();
  std::vector<GpuReport> uses;
  largest_.clear();
  uses.reserve(cards_.size());
  for (const CardPlan& card : cards_) {
    uses.push_back(UseOf(card));
    largest_.push_back(LargestOf(card));
  }
  return uses;
}

GpuReport LlamaPlan::UseOf(const CardPlan& card) const {
  GpuReport use = card.fixed;
  use.kv_cache = KvCache(card);
  use.compute_buffer = card.compute_buffer;
  if (card.drafts) use.activation += draft_;
  use.total = SumOfParts(use);
  return use;
}

Bytes LlamaPlan::LargestOf(const CardPlan& card) const {
  if (card.walk == kNoWalk) return Bytes(0);
  return Has(BuildOf(resolved_), LlamaChange::kSplitBuffers) ? LargestTensor(graph_, card.part)
                                                             : card.compute_buffer;
}

void LlamaPlan::WalkGraph() {
  for (CardPlan& card : cards_) {
    if (card.walk != kNoWalk) card.compute_buffer = walks_[card.walk].BytesFor(graph_, card.part);
  }
  draft_ = DraftContext();
}

Bytes LlamaPlan::Room(int64_t context) {
  SetContext(context);
  WalkGraph();
  return FindFullest(true).room;
}

Bytes LlamaPlan::RoomAtMost(int64_t context) {
  SetContext(context);
  return FindFullest(false).room;
}

LlamaPlan::Fullest LlamaPlan::FindFullest(bool walked) const {
  Fullest fullest{Bytes(internal::kInt64Max), 0};
  for (size_t i = 0; i < cards_.size(); ++i) {
    const CardPlan& card = cards_[i];
    GpuReport use = UseOf(card);
    const Bytes band = lenient_ ? LlamaBand(resolved_, use) : Bytes(0);
    Bytes held = use.total;
    if (!walked) {
      held -= card.compute_buffer;
      if (card.drafts) held -= draft_;
    }
    const Bytes room = resolved_.cards[i].capacity - held + band;
    if (room < fullest.room) fullest = {room, i};
  }
  return fullest;
}

// Bytes that another token most likely costs a card. Windows grow until they are full.
double LlamaPlan::GrowthOf(size_t index) const {
  const CardPlan& card = cards_[index];
  const bool window_grows = cache_.window_cells < cache_.window_wanted;
  Bytes growth;
  for (size_t kind = 0; kind < cell_.size(); ++kind) {
    const bool window = HasWindow(cache_, resolved_.architecture->groups[kind].shape.attention);
    if (!window || window_grows) growth += cell_[kind] * LayersOn(card, kind);
  }
  // With flash attention a cell's place in the binding has 16 bits for each token of the batch.
  if (card.walk != kNoWalk) growth += Bytes(2) * graph_.tokens * placement_.copies / cache_.streams;
  return static_cast<double>(growth.count());
}

int64_t LlamaPlan::LongestThatFits(Bytes margin) {
  lenient_ = true;
  const int64_t longest = LongestContext(margin);
  lenient_ = false;
  return longest;
}

int64_t LlamaPlan::MostContext() const {
  const int64_t trained = internal::SaturatingMultiply(resolved_.architecture->max_positions,
                                                       LengthIsPerSlot(resolved_) ? cache_.sequences : 1);
  return std::max<int64_t>({trained, context_, 1});
}

// Memory grows with the context in straight pieces, the last of which is by far the longest. So a step along
// the slope most often lands on the last block of cells that fits. The next one's cache beside the same
// compute buffers, which never shrink, proves it.
int64_t LlamaPlan::LongestContext(Bytes margin) {
  Fullest at = FindFullest(true);
  const bool longer = at.room >= margin;
  const int64_t present = context_;
  const int64_t cap = MostContext();
  // Lengths tried are `start` and whole blocks of cells beyond it, up to `end`.
  const int64_t block = internal::SaturatingMultiply(256, cache_.streams);
  const int64_t start = longer ? present : std::min(block, cap);
  const int64_t end = longer ? cap : present;
  const auto length = [&](int64_t blocks) {
    return std::min(internal::SaturatingAdd(start, internal::SaturatingMultiply(blocks, block)), end);
  };
  int64_t fits = longer ? 0 : -1;  // blocks: the most known to fit, the fewest known to fail
  int64_t fails = CeilDiv(std::max<int64_t>(end - start, 0), block) + (longer ? 1 : 0);
  double growth = GrowthOf(at.card);
  if (!longer && (fails == 0 || RoomAtMost(start) < margin)) return 0;
  int64_t tried = present;
  for (int step = 1; fits + 1 < fails; ++step) {
    if (at.room >= margin) {
      SetContext(length(fits + 1));
      if (FindFullest(true).room < margin) break;
    }
    int64_t blocks = fits + (fails - fits) / 2;  // now and then, so that few steps suffice whatever the shape
    if (step % 4 != 0 && growth > 0) {
      const double left = static_cast<double>((at.room - margin).count());
      const double reach = (static_cast<double>(tried - start) + left / growth) / static_cast<double>(block);
      blocks = static_cast<int64_t>(
          std::floor(std::clamp(reach, static_cast<double>(fits + 1), static_cast<double>(fails - 1))));
    }
    tried = length(blocks);
    SetContext(tried);
    WalkGraph();
    at = FindFullest(true);
    growth = GrowthOf(at.card);
    (at.room >= margin ? fits : fails) = blocks;
  }
  if (fits < 0) return 0;
  // To the end of the last block: cells are allocated in whole ones.
  const int64_t whole = std::min(RoundUp(length(fits), block), end);
  return whole > length(fits) && Room(whole) >= margin ? whole : length(fits);
}

}  // namespace plimsoll
