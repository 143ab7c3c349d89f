#include "core/engines/ollama/ollama_placement.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "core/engines/llama_cpp/llama_fit.h"
#include "core/engines/llama_cpp/llama_kv_cache.h"
#include "core/engines/llama_cpp/llama_plan.h"
#include "core/engines/ollama/ollama_version.h"

namespace plimsoll {
namespace {

Bytes Percent(Bytes bytes, int64_t percent) { return Bytes(bytes.count() / 100 * percent); }

int64_t LayersOf(const OllamaModel& model) { return static_cast<int64_t>(model.layers.size()) + 1; }

// num_gpu; nothing: as many as fit.
int64_t RequestedLayers(const Config& config) {
  const int64_t given = config.n_gpu_layers.value_or(-1);
  return given < 0 ? -1 : given;
}

void UseOneCard(size_t card, Resolved* resolved, OllamaData* data) {
  data->cards = {card};
  resolved->split_mode = SplitMode::kNone;
  data->options.main_gpu = static_cast<int64_t>(card);
}

// Layers of each card of data->cards.
void TakeLayers(const std::vector<int64_t>& per_card, Resolved* resolved, OllamaData* data) {
  resolved->n_gpu_layers = std::accumulate(per_card.begin(), per_card.end(), int64_t{0});
  if (resolved->cards.size() == 1 || resolved->split_mode == SplitMode::kNone) return;
  std::vector<double> split(resolved->cards.size(), 0);
  for (size_t i = 0; i < per_card.size(); ++i) split[data->cards[i]] = static_cast<double>(per_card[i]);
  if (resolved->n_gpu_layers > 0) data->options.tensor_split = std::move(split);
}

OllamaCard CardOf(const Resolved& resolved, const OllamaData& data, size_t card) {
  const Gpu& gpu = *resolved.cards[card].gpu;
  return {data.free[card], gpu.vendor == Vendor::kApple, gpu.unified_memory};
}

OllamaBatch BatchOf(const Resolved& resolved, const OllamaData& data, int64_t slots) {
  OllamaBatch batch;
  batch.slots = slots;
  batch.context = internal::SaturatingMultiply(resolved.max_model_len, slots);
  batch.batch = std::min(resolved.n_ubatch, batch.context);
  batch.type = resolved.kv_cache_dtype.k;
  batch.flash_attention = resolved.flash_attention;
  batch.recurrent_apart = data.era == OllamaEra::kLayout;
  return batch;
}

// ---- until 0.11: estimated -------------------------------------------------------------------------------

// server/sched.go pickBestFullFitByLibrary: with the larger number of slots first, one card, the emptiest
// first; then all of them; else what fits of the model on all of them, with one slot.
class EstimatedPlacement {
 public:
  EstimatedPlacement(const Config& config, Resolved* resolved, OllamaData* data)
      : requested_(RequestedLayers(config)), resolved_(*resolved), data_(*data) {
    slots_ = {resolved->max_num_seqs};
    const SlotChoices choices = OllamaSlots(resolved->version);
    const bool free_choice = !config.max_num_seqs && resolved->max_num_seqs > 1;
    if (free_choice && choices.second > 0) slots_.push_back(choices.second);
  }

  void Run() {
    std::vector<size_t> by_free = data_.cards;
    std::stable_sort(by_free.begin(), by_free.end(),
                     [&](size_t a, size_t b) { return data_.free[a] > data_.free[b]; });
    for (const int64_t slots : slots_) {
      for (const size_t card : by_free) {
        if (!Fits({card}, slots)) continue;
        if (resolved_.cards.size() > 1) UseOneCard(card, &resolved_, &data_);
        return Take();
      }
    }
    for (const int64_t slots : slots_) {
      if (Fits(by_free, slots)) break;
    }
    // Where nothing fits whole, the fewest slots were tried last.
    data_.cards = by_free;
    Take();
  }

 private:
  bool Fits(const std::vector<size_t>& cards, int64_t slots) {
    std::vector<OllamaCard> given;
    for (const size_t card : cards) given.push_back(CardOf(resolved_, data_, card));
    data_.graph = EstimateGraph(data_.model, BatchOf(resolved_, data_, slots));
    data_.believed = EstimateLayers(resolved_.version, data_.model, data_.graph, given, requested_);
    resolved_.max_num_seqs = slots;
    const int64_t wanted = requested_ < 0 ? data_.believed.all : requested_;
    return data_.believed.on_cards > 0 && data_.believed.on_cards >= wanted;
  }

  void Take() {
    // Metal holds no part of a model that is larger than the whole memory; elsewhere some layers always go.
    if (requested_ >= 0) data_.believed.on_cards = std::max(data_.believed.on_cards, requested_);
    TakeLayers(data_.believed.per_card, &resolved_, &data_);
    if (requested_ >= 0) resolved_.n_gpu_layers = requested_;
  }

  int64_t requested_;
  Resolved& resolved_;
  OllamaData& data_;
  std::vector<int64_t> slots_;
};

// ---- 0.12 to 0.24: laid out -------------------------------------------------------------------------------

class LaidOutPlacement {
 public:
  LaidOutPlacement(const Config& config, Resolved* resolved, OllamaData* data)
      : resolved_(*resolved), data_(*data) {
    blocks_.requested = RequestedLayers(config);
    data_.graph = EstimateGraph(data_.model, BatchOf(resolved_, data_, resolved->max_num_seqs));
    if (data_.cards.size() > 0 && CardOf(resolved_, data_, data_.cards[0]).metal) {
      data_.graph.partial = data_.graph.full;
    }
    std::stable_sort(data_.cards.begin(), data_.cards.end(), [&](size_t a, size_t b) {
      const bool shared_a = resolved_.cards[a].gpu->unified_memory;
      const bool shared_b = resolved_.cards[b].gpu->unified_memory;
      return shared_a != shared_b ? shared_b : data_.free[a] > data_.free[b];
    });
    graphs_.assign(data_.cards.size(), Bytes(0));
    Weigh();
  }

  void Run() {
    std::vector<int64_t> counts = Assign();
    // A card that gets layers keeps room for a graph; that may need another card, or leave layers over.
    constexpr int kPasses = 8;
    for (int pass = 0; pass < kPasses; ++pass) {
      TakeLayers(counts, &resolved_, &data_);
      const std::vector<Bytes> before = graphs_;
      Reserve(counts);
      if (graphs_ == before) break;
      std::vector<int64_t> next = Assign();
      if (next == counts) break;
      counts = std::move(next);
    }
    TakeLayers(counts, &resolved_, &data_);
    Believe(counts);
  }

 private:
  // llm/server.go: the llama.cpp inside is weighed by formulas, ollama's own engine by what it measures.
  void Weigh() {
    const OllamaModel& model = data_.model;
    blocks_.layers = model.layers;
    if (data_.own_engine) {
      const LlamaCache cache = ShapeLlamaCache(resolved_, ContextOf(resolved_));
      const Architecture& architecture = *resolved_.architecture;
      for (size_t i = 0; i < model.layers.size() && i < architecture.layer_group.size(); ++i) {
        const LayerShape& shape = architecture.groups[architecture.layer_group[i]].shape;
        caches_.push_back(LayerCacheBytes(cache, shape.attention) + LayerStateBytes(cache, shape.recurrent));
      }
    } else {
      caches_ = data_.graph.cache;
    }
    caches_.resize(model.layers.size());
    for (size_t i = 0; i < caches_.size(); ++i) blocks_.layers[i] += caches_[i];
    output_ = model.output + (data_.own_engine && resolved_.multimodal ? model.projector : Bytes(0));
    blocks_.layers.push_back(output_);
  }

  std::vector<int64_t> Assign() {
    blocks_.room.clear();
    blocks_.integrated.clear();
    const Bytes spare = data_.own_engine || blocks_.layers.size() < 2 ? Bytes(0) : blocks_.layers[0];
    for (size_t i = 0; i < data_.cards.size(); ++i) {
      const OllamaCard card = CardOf(resolved_, data_, data_.cards[i]);
      Bytes reserved = MinimumMemory(card) + graphs_[i] + spare;
      if (i == 0 && !data_.own_engine && resolved_.multimodal) reserved += data_.model.projector;
      blocks_.room.push_back(std::max(card.free - reserved, Bytes(0)));
      blocks_.integrated.push_back(card.integrated);
    }
    return AssignLayers(blocks_);
  }

  void Reserve(const std::vector<int64_t>& counts) {
    int64_t used = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      used = static_cast<int64_t>(i) + 1;
      if (data_.own_engine) {
        LlamaPlan plan(resolved_);
        const std::vector<GpuReport> uses = plan.Fill(ContextOf(resolved_));
        graphs_[i] = std::max(graphs_[i], uses[data_.cards[i]].compute_buffer);
        measured_host_ = plan.Host().compute_buffer;
      } else {
        graphs_[i] = std::max(data_.graph.partial, data_.graph.full);
      }
    }
    blocks_.least_cards = std::max(blocks_.least_cards, used);
  }

  void Believe(const std::vector<int64_t>& counts) {
    OllamaLayers& believed = data_.believed;
    believed.per_card = counts;
    believed.on_cards = std::accumulate(counts.begin(), counts.end(), int64_t{0});
    believed.all = LayersOf(data_.model);
    const bool whole = believed.whole();
    believed.graph = whole ? data_.graph.full : data_.graph.partial;
    // The last of the blocks are on the cards; without the output layer, those before it.
    const bool with_output = whole || believed.on_cards > believed.all - 1;
    const size_t end = blocks_.layers.size() - (with_output ? 0 : 1);
    Bytes all, held;
    for (size_t i = 0; i < blocks_.layers.size(); ++i) {
      all += blocks_.layers[i];
      const bool here = i < end && i + static_cast<size_t>(believed.on_cards) >= end;
      if (here) held += blocks_.layers[i];
    }
    for (size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      const Bytes graph = data_.own_engine ? graphs_[i] : believed.graph;
      all += graph;
      held += graph;
    }
    if (data_.own_engine) {
      const Bytes beside = data_.model.input + measured_host_;
      all += beside;
      if (whole) held += beside;
    }
    believed.size = all;
    believed.vram = held;
  }

  Resolved& resolved_;
  OllamaData& data_;
  OllamaBlocks blocks_;
  std::vector<Bytes> caches_, graphs_;
  Bytes output_, measured_host_;
};

// ---- from 0.30: a llama-server ---------------------------------------------------------------------------

// The emptiest card of its own that holds the model in four fifths of what is free.
void ChooseCards(const Config& config, Resolved* resolved, OllamaData* data) {
  constexpr int64_t kShare = 80;
  if (config.main_gpu) {
    const auto card = std::min(static_cast<size_t>(*config.main_gpu), resolved->cards.size() - 1);
    return UseOneCard(card, resolved, data);
  }
  if (resolved->cards.size() == 1 || RequestedLayers(config) == 0) return;
  const size_t none = resolved->cards.size();
  size_t best = none;
  for (size_t i = 0; i < resolved->cards.size(); ++i) {
    if (data->predicted > Percent(data->free[i], kShare)) continue;
    const bool shared = resolved->cards[i].gpu->unified_memory;
    if (best == none ||
        (shared != resolved->cards[best].gpu->unified_memory ? !shared : data->free[i] > data->free[best])) {
      best = i;
    }
  }
  if (best != none) UseOneCard(best, resolved, data);
}

// Why the vision tower stays in RAM; empty: it goes to a card (llm/llama_server.go
// shouldDisableMMProjOffload).
std::string_view ProjectorInRam(const Config& config, const Resolved& resolved, const OllamaData& data) {
  const int64_t requested = RequestedLayers(config);
  if (requested == 0) return "cpu-only";
  if (requested > 0 && requested < LayersOf(data.model)) return "partial-text-offload";
  const int64_t release = resolved.version.number;
  const Bytes needed = release < OllamaRelease(0, 31) ? GiB(10) + Bytes(1) : data.model.projector + GiB(1);
  for (const size_t card : data.cards) {
    const Gpu& gpu = *resolved.cards[card].gpu;
    if (release < OllamaRelease(0, 31, 2) && gpu.unified_memory && gpu.vendor != Vendor::kApple) {
      return "shared-memory-gpu";
    }
    if (std::min(data.free[card], resolved.cards[card].capacity) < needed) return "limited-vram";
  }
  return "";
}

// What --fit leaves free: a GiB, and room for the projector, which it does not see (from 0.31.2).
Bytes FitTarget(const Config& config, const Resolved& resolved, const OllamaData& data) {
  if (config.fit_target_mib) return MiB(*config.fit_target_mib);
  const bool images = resolved.multimodal && data.options.mmproj_offload && data.model.projector > Bytes(0);
  if (!images || resolved.version.number < OllamaRelease(0, 31, 2)) return GiB(1);
  return MiB(CeilDiv((data.model.projector + GiB(1)).count(), MiB(1).count()));
}

void StartServer(const Config& config, Resolved* resolved, OllamaData* data) {
  const int64_t context = ContextOf(*resolved);
  data->predicted = PredictedMemory(data->model, context);
  ChooseCards(config, resolved, data);
  data->available = Bytes(0);
  BatchSituation situation;
  for (const size_t card : data->cards) {
    data->available += data->free[card];
    const bool cuda = DefaultBackend(*resolved->cards[card].gpu) == LlamaBackend::kCuda;
    situation.cuda = situation.cuda || cuda;
    situation.small_cuda = situation.small_cuda || (cuda && data->free[card] <= GiB(8));
  }
  if (!config.n_ubatch) {
    situation.context = context;
    situation.predicted = data->predicted;
    situation.available = data->available;
    situation.flash_attention = resolved->flash_attention;
    resolved->n_ubatch =
        data->model.embeds ? std::min<int64_t>(2048, resolved->max_model_len) : AutomaticBatch(situation);
  }
  resolved->max_num_batched_tokens = resolved->n_ubatch;
  if (resolved->multimodal) {
    data->projector_off = ProjectorInRam(config, *resolved, *data);
    data->options.mmproj_offload = data->projector_off.empty();
  }
  const int64_t requested = RequestedLayers(config);
  resolved->n_gpu_layers = requested >= 0 ? requested : LayersOf(data->model);
  if (data->cards.size() > 1 && data->cards.size() < resolved->cards.size()) {
    std::vector<double> split(resolved->cards.size(), 0);
    for (const size_t card : data->cards) split[card] = static_cast<double>(data->free[card].count());
    data->options.tensor_split = std::move(split);
  }
  if (requested >= 0 || !config.override_tensor.empty() || !data->options.fit) return;
  data->overflowing = FitLlama(data->cards, FitTarget(config, *resolved, *data), resolved, data).overflowing;
}

}  // namespace

Bytes PredictedMemory(const OllamaModel& model, int64_t context) {
  const int64_t per_head = model.heads > 0 ? model.embedding / model.heads : 0;
  const int64_t token = internal::SaturatingMultiply(
      internal::SaturatingMultiply(2 * static_cast<int64_t>(model.layers.size()), model.fewest_kv_heads),
      per_head * 2);
  return model.file + Bytes(token) * context;
}

int64_t AutomaticBatch(const BatchSituation& s) {
  constexpr int64_t kLarge = 2048, kMedium = 1024, kUsual = 512, kSmall = 256;
  if (!s.flash_attention && s.cuda) return s.small_cuda && s.context > 4096 ? kSmall : kUsual;
  const auto fits = [&](int64_t batch) {
    const Bytes extra = batch == kLarge ? GiB(2) : MiB(768);
    const Bytes most = Percent(s.available, 80);
    return s.predicted <= Percent(s.available, batch == kLarge ? 60 : 75) && s.predicted + extra <= most;
  };
  if (s.context > 32768 && fits(kLarge)) return kLarge;
  if (s.context > 4096 && fits(kMedium)) return kMedium;
  return kUsual;
}

void PlaceOllamaModel(const Config& config, Resolved* resolved, OllamaData* data) {
  switch (data->era) {
    case OllamaEra::kEstimate:
      return EstimatedPlacement(config, resolved, data).Run();
    case OllamaEra::kLayout:
      return LaidOutPlacement(config, resolved, data).Run();
    case OllamaEra::kServer:
      return StartServer(config, resolved, data);
  }
}

}  // namespace plimsoll
