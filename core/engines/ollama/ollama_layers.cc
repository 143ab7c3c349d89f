#include "core/engines/ollama/ollama_layers.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "core/engines/ollama/ollama_version.h"

namespace plimsoll {
namespace {

// One estimate as it goes; the names follow llm/memory.go EstimateGPULayers.
class Estimate {
 public:
  Estimate(const EngineVersion& release, const OllamaModel& model, const OllamaGraph& graph,
           const std::vector<OllamaCard>& cards, int64_t requested)
      : model_(model), graph_(graph), cards_(cards), requested_(requested) {
    backwards_ = release.number >= OllamaRelease(0, 7);
    images_with_output_ = release.number >= OllamaRelease(0, 7, 1);
    full_ = graph.full;
    partial_ = graph.partial;
    if (!cards.empty() && cards[0].metal) {
      partial_ = full_;
    } else if (cards.size() > 1) {
      full_ = partial_;
    }
    result_.per_card.assign(cards.size(), 0);
    allocated_.assign(cards.size(), Bytes(0));
  }

  OllamaLayers Run() {
    const auto blocks = static_cast<int64_t>(model_.layers.size());
    result_.all = blocks + 1;
    if (blocks == 0) return result_;
    OpenCards();
    for (int64_t n = 0; n < blocks; ++n) PlaceBlock(backwards_ ? blocks - 1 - n : n);
    bool whole = result_.on_cards >= blocks;
    if (!images_with_output_) {
      // Blocks left over are counted as if each were the last one looked at.
      overflow_ += last_block_ * std::max<int64_t>(0, blocks - result_.on_cards);
    }
    PlaceOutput();
    if (result_.on_cards < result_.all) whole = false;
    result_.graph = whole ? full_ : partial_;
    for (size_t i = 0; i < cards_.size(); ++i) {
      if (result_.per_card[i] > 0) allocated_[i] += result_.graph;
    }
    const Bytes held = std::accumulate(allocated_.begin(), allocated_.end(), Bytes(0));
    result_.size = held + overflow_;
    result_.vram = result_.on_cards > 0 ? held : Bytes(0);
    return result_;
  }

 private:
  Bytes LayerBytes(int64_t block) const {
    return model_.layers[static_cast<size_t>(block)] + graph_.cache[static_cast<size_t>(block)];
  }
  Bytes LargerGraph() const { return std::max(full_, partial_); }

  // Cards that hold the graph, the minimum, a block as a buffer and one more.
  void OpenCards() {
    const Bytes buffer = LayerBytes(0);
    const Bytes images = images_with_output_ ? Bytes(0) : model_.projector + model_.image_graph;
    for (size_t i = 0; i < cards_.size(); ++i) {
      const Bytes first = open_.empty() ? images : Bytes(0);
      if (cards_[i].free < first + LargerGraph() + MinimumMemory(cards_[i]) + buffer * 2) continue;
      open_.push_back(i);
      allocated_[i] += MinimumMemory(cards_[i]) + buffer;
    }
    if (!open_.empty()) allocated_[open_[0]] += images;
  }

  void PlaceBlock(int64_t block) {
    const Bytes bytes = LayerBytes(block);
    last_block_ = bytes;
    if (requested_ >= 0 && result_.on_cards >= requested_) {
      if (images_with_output_) overflow_ += bytes;
      return;
    }
    for (size_t j = open_.size(); j > 0; --j) {
      const size_t at = static_cast<size_t>(block) % j;
      const size_t card = open_[at];
      if (cards_[card].free > allocated_[card] + LargerGraph() + bytes) {
        Give(card, bytes);
        break;
      }
      open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (open_.empty() && images_with_output_) overflow_ += bytes;
  }

  void PlaceOutput() {
    Bytes bytes = model_.output;
    if (images_with_output_) bytes += model_.projector + model_.image_graph;
    if (requested_ < 0 || result_.on_cards < requested_) {
      for (size_t j = open_.size(); j > 0; --j) {
        const size_t card = open_[static_cast<size_t>(result_.on_cards) % j];
        if (cards_[card].free > allocated_[card] + LargerGraph() + bytes) {
          Give(card, bytes);
          break;
        }
      }
    }
    if (result_.on_cards < result_.all) overflow_ += bytes;
  }

  void Give(size_t card, Bytes bytes) {
    allocated_[card] += bytes;
    ++result_.per_card[card];
    ++result_.on_cards;
  }

  const OllamaModel& model_;
  const OllamaGraph& graph_;
  const std::vector<OllamaCard>& cards_;
  int64_t requested_;
  bool backwards_ = false;
  bool images_with_output_ = false;  // the vision tower goes with the output layer, not to the first card
  Bytes full_, partial_, overflow_, last_block_;
  std::vector<size_t> open_;
  std::vector<Bytes> allocated_;
  OllamaLayers result_;
};

using Counts = std::vector<int64_t>;

int64_t Sum(const Counts& counts) { return std::accumulate(counts.begin(), counts.end(), int64_t{0}); }

// greedyFit: from the last block backwards, a card's block that does not fit closes the card.
Counts GreedyFit(const std::vector<Bytes>& layers, size_t end, const std::vector<Bytes>& room, float capacity,
                 int64_t requested) {
  Counts counts(room.size(), 0);
  size_t card = room.size() - 1;
  const auto space = [&](size_t of) {
    return BytesFromDouble(static_cast<double>(static_cast<float>(room[of].count()) * capacity));
  };
  Bytes free = space(card);
  for (size_t i = end; i-- > 0;) {
    if (requested >= 0 && static_cast<int64_t>(end - 1 - i) >= requested) break;
    while (layers[i] > free) {
      if (card == 0) return counts;
      free = space(--card);
    }
    free -= layers[i];
    ++counts[card];
  }
  return counts;
}

// findBestFit: the smallest share of every card that still places as many, so that the load is even. Discrete
// cards first.
Counts FindBestFit(const OllamaBlocks& blocks, size_t end, size_t cards, int64_t requested, bool force) {
  Counts all(cards, 0);
  for (const bool integrated : {false, true}) {
    std::vector<size_t> group;
    std::vector<Bytes> room;
    for (size_t i = 0; i < cards; ++i) {
      if (blocks.integrated[i] != integrated) continue;
      group.push_back(i);
      room.push_back(blocks.room[i]);
    }
    if (group.empty()) continue;
    float high = requested >= 0 && force ? 1000.0F : 1.0F;
    float low = 0;
    Counts best = GreedyFit(blocks.layers, end, room, high, requested);
    const int64_t most = Sum(best);
    for (int step = 0; step < 64 && high - low > 1e-6F; ++step) {
      const float middle = (low + high) / 2;
      Counts counts = GreedyFit(blocks.layers, end, room, middle, requested);
      if (Sum(counts) == most) {
        high = middle;
        best = std::move(counts);
      } else {
        low = middle;
      }
    }
    end -= static_cast<size_t>(most);
    if (requested >= 0) requested -= most;
    for (size_t i = 0; i < group.size(); ++i) all[group[i]] = best[i];
  }
  return all;
}

}  // namespace

Bytes MinimumMemory(const OllamaCard& card) { return MiB(card.metal ? 512 : 457); }

OllamaLayers EstimateLayers(const EngineVersion& release, const OllamaModel& model, const OllamaGraph& graph,
                            const std::vector<OllamaCard>& cards, int64_t requested) {
  return Estimate(release, model, graph, cards, requested).Run();
}

std::vector<int64_t> AssignLayers(const OllamaBlocks& given) {
  // Cards by room, the discrete ones first; the answer is in the order in which they came.
  std::vector<size_t> order(given.room.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const bool alike = given.requested >= 0;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) -> bool {
    if (given.integrated[a] != given.integrated[b]) return given.integrated[b];
    return given.room[a] > given.room[b];
  });
  OllamaBlocks blocks = given;
  for (size_t i = 0; i < order.size(); ++i) {
    blocks.room[i] = given.room[order[i]];
    blocks.integrated[i] = !alike && given.integrated[order[i]];
  }
  Counts counts(order.size(), 0);
  // What does not fit whole is tried again without the output layer.
  for (size_t end = blocks.layers.size(); end + 2 > blocks.layers.size() && end > 0; --end) {
    const int64_t requested =
        given.requested >= 0 ? std::min(given.requested, static_cast<int64_t>(end)) : -1;
    const auto first = static_cast<size_t>(std::max<int64_t>(blocks.least_cards, 1));
    for (size_t cards = std::min(first, order.size()); cards <= order.size(); ++cards) {
      counts = FindBestFit(blocks, end, cards, requested, cards == order.size());
      counts.resize(order.size(), 0);
      const int64_t placed = Sum(counts);
      if (placed == static_cast<int64_t>(end) || placed == requested) break;
    }
    if (Sum(counts) == static_cast<int64_t>(blocks.layers.size())) break;
  }
  Counts answer(order.size(), 0);
  for (size_t i = 0; i < order.size(); ++i) answer[order[i]] = counts[i];
  return answer;
}

}  // namespace plimsoll
