#include "core/engines/llama_cpp/llama_placement.h"

#include <algorithm>
#include <cstddef>

#include "core/engines/llama_cpp/llama_data.h"
#include "core/engines/llama_cpp/llama_rules.h"

namespace plimsoll {

namespace {

// With one card only (-sm none) the others take nothing, whatever is free or wanted.
std::vector<double> SharesOf(const Resolved& resolved, size_t cards) {
  if (resolved.split_mode != SplitMode::kNone) {
    return resolved.config != nullptr ? resolved.config->tensor_split : std::vector<double>();
  }
  std::vector<double> shares(cards);
  const int64_t last = static_cast<int64_t>(cards) - 1;
  shares[static_cast<size_t>(std::clamp<int64_t>(OptionsOf(resolved).main_gpu, 0, last))] = 1;
  return shares;
}

// How far the cards' shares reach: card i takes positions below cumulative[i] of [0, 1]. Positions are
// compared as 32-bit floats, as the loader does.
std::vector<float> CumulativeShares(const std::vector<Bytes>& free, const std::vector<double>& split) {
  std::vector<float> shares(free.size());
  // -ts 0,0 counts as not given.
  const bool given = std::any_of(split.begin(), split.end(), [](double part) { return part > 0; });
  float sum = 0;
  for (size_t i = 0; i < free.size(); ++i) {
    const double part = i < split.size() ? split[i] : 0;
    sum += static_cast<float>(given ? part : static_cast<double>(std::max(free[i], Bytes(1)).count()));
    shares[i] = sum;
  }
  for (float& share : shares) share /= sum;
  return shares;
}

size_t CardOf(const std::vector<float>& shares, int64_t position, int64_t positions) {
  const float at = static_cast<float>(position) / static_cast<float>(positions);
  const auto found = std::upper_bound(shares.begin(), shares.end(), at);
  return std::min(static_cast<size_t>(found - shares.begin()), shares.size() - 1);
}

// The first layer behind `first` that another card takes. Layers go to the cards in order, so halving finds
// it.
int64_t EndOfCard(const std::vector<float>& shares, size_t card, int64_t first, int64_t layers, int64_t start,
                  int64_t wanted) {
  if (shares.size() == 1) return layers;
  int64_t same = first;
  int64_t other = layers;
  while (other - same > 1) {
    const int64_t middle = same + (other - same) / 2;
    (CardOf(shares, middle - start, wanted) == card ? same : other) = middle;
  }
  return other;
}

// Row split cuts every matrix over all cards; stacks of experts are not cut and stay with their layer's card
// (ggml_backend_cuda_split_buffer_type takes two-dimensional weights only).
void SpreadRows(const std::vector<float>& shares, Bytes matrices, std::vector<LlamaDevice>* devices) {
  // From one card's end to the next one's, so that no byte is lost between them.
  Bytes before;
  for (size_t i = 0; i < shares.size(); ++i) {
    const bool last = i + 1 == shares.size();
    const Bytes end =
        last ? matrices
             : BytesFromDouble(static_cast<double>(shares[i]) * static_cast<double>(matrices.count()));
    (*devices)[i].weights += end - before;
    before = end;
  }
}

// From where the layers put them to where -ot does. Of matrices that are cut by rows, `matrices` is the sum.
void Move(const std::vector<MovedTensor>& moved, bool rows, int64_t n_cpu_moe, LlamaPlacement* placement,
          Bytes* matrices) {
  for (const MovedTensor& tensor : moved) {
    Bytes* from = &placement->host_weights;
    const bool global = tensor.layer < 0;
    const bool in_ram = tensor.expert && !global && tensor.layer < n_cpu_moe;
    for (LlamaDevice& device : placement->devices) {
      if (in_ram) break;
      const bool holds = global ? device.output && !tensor.embedding
                                : tensor.layer >= device.first_layer && tensor.layer < device.end_layer;
      if (holds) from = rows && !tensor.expert ? matrices : &device.weights;
    }
    // Averaged formats spread their bits evenly over the layers: no more can leave than lies there.
    const Bytes bytes = std::min(tensor.bytes, *from);
    *from -= bytes;
    if (tensor.card < 0) {
      placement->host_weights += bytes;
    } else {
      placement->devices[static_cast<size_t>(tensor.card)].weights += bytes;
    }
  }
}

// Without a card everything lies in the processor's buffers.
void HoldInRam(const GgufLayout& layout, LlamaPlacement* placement) {
  LlamaDevice& ram = placement->devices[0];
  ram.weights += layout.token_embedding;
  if (layout.tied && ram.output) ram.weights -= layout.output;
  placement->host_weights = Bytes(0);
}

// Metal maps the file's span that holds its tensors. Quantised files begin with the tensors outside layers,
// so with the output on the card the span is the whole file (llama_model_loader::get_mapping_range).
bool MapsFile(const Resolved& resolved, const LlamaPlacement& placement,
              const std::vector<MovedTensor>& moved) {
  return BackendOf(resolved) == LlamaBackend::kMetal && OptionsOf(resolved).mmap && resolved.n_cpu_moe == 0 &&
         moved.empty() && !placement.host_output && placement.devices.size() == 1;
}

void MapFile(const GgufLayout& layout, LlamaPlacement* placement) {
  LlamaDevice& card = placement->devices[0];
  card.weights += placement->host_weights;
  if (layout.tied) card.weights -= layout.output;
}

}  // namespace

LlamaPlacement PlaceLlamaModel(const Resolved& resolved, const GgufLayout& layout,
                               const std::vector<Bytes>& free, const std::vector<MovedTensor>& moved) {
  LlamaPlacement placement;
  placement.devices.resize(free.size());
  const int64_t layers = static_cast<int64_t>(layout.layers.size());
  const int64_t wanted = std::clamp<int64_t>(resolved.n_gpu_layers, 0, layers + 1);
  const bool output_first = Has(resolved.version, LlamaChange::kOutputFirst);
  const int64_t start = std::max<int64_t>(output_first ? layers + 1 - wanted : layers - wanted, 0);
  const bool output_on_card = output_first ? wanted > 0 : wanted > layers;
  placement.host_layers = std::min(start, layers);
  placement.host_output = !output_on_card;
  placement.offloaded = wanted;
  placement.host_weights = layout.token_embedding;

  const std::vector<float> shares = CumulativeShares(free, SharesOf(resolved, free.size()));
  const bool rows = resolved.split_mode == SplitMode::kRow && free.size() > 1;
  Bytes matrices;
  const auto sum = [&layout](int64_t first, int64_t end) {
    const GgufLayout::Layer& from = layout.before[static_cast<size_t>(first)];
    const GgufLayout::Layer& to = layout.before[static_cast<size_t>(end)];
    return GgufLayout::Layer{to.dense - from.dense, to.experts - from.experts};
  };
  const GgufLayout::Layer on_host = sum(0, placement.host_layers);
  placement.host_weights += on_host.dense + on_host.experts;
  for (int64_t first = placement.host_layers; first < layers;) {
    const size_t card = CardOf(shares, first - start, wanted);
    const int64_t end = EndOfCard(shares, card, first, layers, start, wanted);
    LlamaDevice& device = placement.devices[card];
    device.first_layer = first;
    device.end_layer = end;
    const int64_t without_experts = std::clamp(resolved.n_cpu_moe, first, end);
    const Bytes dense = sum(first, end).dense;
    (rows ? matrices : device.weights) += dense;
    placement.host_weights += sum(first, without_experts).experts;
    device.weights += sum(without_experts, end).experts;
    first = end;
  }
  if (output_on_card) {
    LlamaDevice& device = placement.devices[CardOf(shares, layers - start, wanted)];
    device.output = true;
    device.weights += layout.output_norm;
    if (rows) {
      matrices += layout.output;
    } else {
      device.weights += layout.output;
    }
  } else {
    placement.host_weights += layout.output_norm;
    if (!layout.tied) placement.host_weights += layout.output;
  }
  if (!moved.empty()) Move(moved, rows, resolved.n_cpu_moe, &placement, &matrices);
  if (rows) SpreadRows(shares, matrices, &placement.devices);

  int64_t used = 0;
  for (const LlamaDevice& device : placement.devices) used += device.end_layer > device.first_layer ? 1 : 0;
  const bool pipeline = used > 1 && !rows && wanted > layers && resolved.n_cpu_moe == 0 && moved.empty() &&
                        OptionsOf(resolved).kv_offload && resolved.nodes == 1;  // RPC devices have no events
  if (pipeline) placement.copies = OptionsOf(resolved).sched_max_copies;
  if (resolved.ram_alone) HoldInRam(layout, &placement);
  if (MapsFile(resolved, placement, moved)) MapFile(layout, &placement);
  return placement;
}

}  // namespace plimsoll
