#include "core/llama_placement.h"

#include <algorithm>
#include <cstddef>

#include "core/llama_rules.h"

namespace plimsoll {

namespace {

constexpr int64_t kPipelineCopies = 4;  // GGML_SCHED_MAX_COPIES

// How far the cards' shares reach: card i takes positions below cumulative[i] of [0, 1]. Positions are
// compared as 32-bit floats, as the loader does.
std::vector<float> CumulativeShares(const std::vector<Bytes>& free) {
  std::vector<float> shares(free.size());
  float sum = 0;
  for (size_t i = 0; i < free.size(); ++i) {
    sum += static_cast<float>(std::max(free[i], Bytes(1)).count());
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

// Row split cuts every matrix over all cards; stacks of experts are not cut and stay with their layer's card
// (ggml_backend_cuda_split_buffer_type takes two-dimensional weights only).
void SpreadRows(const std::vector<float>& shares, Bytes matrices, std::vector<LlamaDevice>* devices) {
  float before = 0;
  for (size_t i = 0; i < shares.size(); ++i) {
    const double share = static_cast<double>(shares[i] - before);
    (*devices)[i].weights += BytesFromDouble(share * static_cast<double>(matrices.count()));
    before = shares[i];
  }
}

}  // namespace

LlamaPlacement PlaceLlamaModel(const Resolved& resolved, const GgufLayout& layout,
                               const std::vector<Bytes>& free) {
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

  const std::vector<float> shares = CumulativeShares(free);
  const bool rows = resolved.split_mode == SplitMode::kRow && free.size() > 1;
  Bytes matrices;
  size_t card = 0;
  for (int64_t layer = 0; layer < layers; ++layer) {
    const GgufLayout::Layer& bytes = layout.layers[static_cast<size_t>(layer)];
    const bool experts_on_host = layer < resolved.n_cpu_moe;
    if (layer < placement.host_layers) {
      placement.host_weights += bytes.dense + bytes.experts;
      continue;
    }
    card = CardOf(shares, layer - start, wanted);
    LlamaDevice& device = placement.devices[card];
    if (device.first_layer == device.end_layer) device.first_layer = layer;
    device.end_layer = layer + 1;
    if (rows) {
      matrices += bytes.dense;
    } else {
      device.weights += bytes.dense;
    }
    (experts_on_host ? placement.host_weights : device.weights) += bytes.experts;
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
  if (rows) SpreadRows(shares, matrices, &placement.devices);

  int64_t used = 0;
  for (const LlamaDevice& device : placement.devices) used += device.end_layer > device.first_layer ? 1 : 0;
  const bool pipeline = used > 1 && !rows && wanted > layers && resolved.n_cpu_moe == 0 &&
                        resolved.nodes == 1;  // RPC devices have no events
  if (pipeline) placement.copies = kPipelineCopies;
  return placement;
}

}  // namespace plimsoll
