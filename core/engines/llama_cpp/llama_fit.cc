#include "core/engines/llama_cpp/llama_fit.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "core/engines/llama_cpp/llama_overrides.h"
#include "core/engines/llama_cpp/llama_plan.h"

namespace plimsoll {
namespace {

// Of a layer, what stays on the card.
enum class Part : uint8_t { kAttention, kUp, kGate, kDense };

std::string_view OverflowPattern(Part part) {
  switch (part) {
    case Part::kAttention:
      return "ffn_(gate|up|gate_up|down).*";
    case Part::kUp:
      return "ffn_(gate|gate_up|down).*";
    case Part::kGate:
      return "ffn_down.*";
    case Part::kDense:
      break;
  }
  return "ffn_(up|down|gate_up|gate)_exps";
}

struct Load {
  int64_t layers = 0;
  int64_t partial = 0;        // of these, behind the whole ones
  Part first = Part::kDense;  // of the first partial one; the others keep no experts
  bool to_next_card = false;  // where the first one's matrices go; else RAM
  int64_t whole() const { return layers - partial; }
};
using Loads = std::vector<Load>;

class Fitter {
 public:
  Fitter(const std::vector<size_t>& cards, Bytes margin, Resolved* resolved, LlamaData* data)
      : cards_(cards), margin_(margin), resolved_(*resolved), data_(*data) {
    const LlamaPlan plan(resolved_);
    file_layers_ = static_cast<int64_t>(plan.layout().layers.size());
    has_experts_ = plan.layout().largest_expert > Bytes(0);
  }

  LlamaFit Run() {
    Measure();
    if (AllWithin()) return {};
    LlamaFit fit;
    fit.whole = false;
    const bool experts_fit = has_experts_ && FitsWithoutExperts();
    loads_.assign(cards_.size(), Load());
    used_ = UseOf(loads_);
    for (size_t i = cards_.size(); i-- > 0;) FillFromBehind(i);
    if (experts_fit) {
      size_t dense = cards_.size();
      while (dense > 0 && loads_[dense - 1].layers > 0) --dense;
      for (size_t i = 0; i <= dense && dense < cards_.size(); ++i) ReturnExperts(i, &dense);
    }
    Apply(loads_);
    for (const Load& load : loads_) fit.overflowing += load.partial;
    return fit;
  }

 private:
  void Measure() {
    LlamaPlan plan(resolved_);
    used_ = CardBytes(&plan);
    targets_.clear();
    for (const size_t card : cards_) {
      const Card& c = resolved_.cards[card];
      targets_.push_back(c.capacity - c.others - LlamaRuntimeBytes(*c.gpu) - margin_);
    }
  }

  std::vector<Bytes> CardBytes(LlamaPlan* plan) const {
    const std::vector<GpuReport> uses = plan->Fill(ContextOf(resolved_));
    std::vector<Bytes> bytes;
    for (const size_t card : cards_) {
      const GpuReport& use = uses[card];
      bytes.push_back(use.weights + use.kv_cache + use.recurrent_state + use.compute_buffer);
    }
    return bytes;
  }

  bool AllWithin() const {
    for (size_t i = 0; i < cards_.size(); ++i) {
      if (used_[i] > targets_[i]) return false;
    }
    return true;
  }

  bool FitsWithoutExperts() {
    SetOverrides("blk\\.\\d+\\.ffn_(up|down|gate_up|gate)_exps=CPU");
    LlamaPlan plan(resolved_);
    const std::vector<Bytes> bytes = CardBytes(&plan);
    Bytes surplus;
    for (size_t i = 0; i < cards_.size(); ++i) surplus += targets_[i] - bytes[i];
    return surplus > Bytes(0);
  }

  void SetOverrides(const std::string& text) {
    data_.overrides = TensorOverrides();
    if (text.empty()) return;
    Result<TensorOverrides> overrides =
        ReadTensorOverrides(text, *resolved_.architecture, static_cast<int64_t>(resolved_.cards.size()));
    if (overrides.ok()) data_.overrides = std::move(*overrides);
  }

  void Apply(const Loads& loads) {
    int64_t all = 0;
    std::vector<double> split(resolved_.cards.size(), 0);
    for (size_t i = 0; i < loads.size(); ++i) {
      all += loads[i].layers;
      split[cards_[i]] = static_cast<double>(loads[i].layers);
    }
    resolved_.n_gpu_layers = all;
    data_.options.tensor_split = all > 0 ? std::move(split) : std::vector<double>();
    int64_t layer = file_layers_ + 1 - all;
    std::string text;
    for (size_t i = 0; i < loads.size(); ++i) {
      layer += loads[i].whole();
      for (int64_t n = 0; n < loads[i].partial; ++n, ++layer) {
        const bool first = n == 0;
        if (!text.empty()) text += ',';
        text += "blk\\." + std::to_string(layer) + "\\.";
        text += OverflowPattern(first ? loads[i].first : Part::kDense);
        text += first && loads[i].to_next_card ? "=CUDA" + std::to_string(cards_[i + 1]) : "=CPU";
      }
    }
    SetOverrides(text);
  }

  std::vector<Bytes> UseOf(const Loads& loads) {
    Apply(loads);
    LlamaPlan plan(resolved_);
    return CardBytes(&plan);
  }

  // Between a number that fits and one that does not, both in layers of card `i`: where a straight line
  // through their memory meets the target; halving now and then keeps the search short.
  int64_t Step(int64_t delta, size_t i, const std::vector<Bytes>& high, int tries) const {
    int64_t step = delta / 2;
    const double headroom = static_cast<double>((high[i] - used_[i]).count());
    if (tries % 4 != 3 && headroom > 0) {
      step = static_cast<int64_t>(static_cast<double>(delta) *
                                  static_cast<double>((targets_[i] - used_[i]).count()) / headroom);
    }
    return std::clamp<int64_t>(step, 1, delta - 1);
  }

  bool IsLast(size_t i) const { return i + 1 == cards_.size(); }

  // Whole layers; of a model with experts, layers without them. The output layer is always whole.
  void FillFromBehind(size_t i) {
    int64_t unassigned = file_layers_ + 1;
    for (size_t j = i + 1; j < cards_.size(); ++j) unassigned -= loads_[j].layers;
    if (unassigned <= 0) return;
    const auto with = [&](int64_t layers) {
      Loads loads = loads_;
      loads[i].layers = layers;
      if (has_experts_) loads[i].partial = std::max<int64_t>(IsLast(i) ? layers - 1 : layers, 0);
      return loads;
    };
    std::vector<Bytes> high = UseOf(with(unassigned));
    if (high[i] <= targets_[i]) {
      loads_ = with(unassigned);
      used_ = std::move(high);
      return;
    }
    int64_t fails = unassigned;
    for (int tries = 0; fails - loads_[i].layers > 1; ++tries) {
      const int64_t layers = loads_[i].layers + Step(fails - loads_[i].layers, i, high, tries);
      const Loads loads = with(layers);
      std::vector<Bytes> bytes = UseOf(loads);
      if (bytes[i] <= targets_[i]) {
        loads_ = loads;
        used_ = std::move(bytes);
      } else {
        fails = layers;
        high = std::move(bytes);
      }
    }
  }

  // `count` layers without experts, from card `dense` on, become whole ones of card `i`. `dense` is then the
  // first card that still has some.
  static Loads Converted(Loads loads, size_t i, int64_t count, size_t* dense) {
    for (;; ++*dense) {
      Load& from = loads[*dense];
      const int64_t taken = std::min(count, from.partial);
      from.layers -= taken;
      from.partial -= taken;
      loads[i].layers += taken;
      count -= taken;
      if (from.partial > 0 || *dense + 1 == loads.size()) return loads;
    }
  }

  void ReturnExperts(size_t i, size_t* dense) {
    int64_t fails = 0;
    for (size_t j = *dense; j < loads_.size(); ++j) fails += loads_[j].partial;
    size_t after = *dense;
    Loads all = Converted(loads_, i, fails, &after);
    std::vector<Bytes> high = UseOf(all);
    if (high[i] <= targets_[i]) {
      loads_ = std::move(all);
      used_ = std::move(high);
      *dense = after;
      return;
    }
    for (int tries = 0; fails > 1; ++tries) {
      const int64_t count = Step(fails, i, high, tries);
      after = *dense;
      Loads loads = Converted(loads_, i, count, &after);
      std::vector<Bytes> bytes = UseOf(loads);
      if (bytes[i] <= targets_[i]) {
        loads_ = std::move(loads);
        used_ = std::move(bytes);
        *dense = after;
        fails -= count;
      } else {
        fails = count;
        high = std::move(bytes);
      }
    }
    TryPartOfOneMore(i, dense);
  }

  void TryPartOfOneMore(size_t i, size_t* dense) {
    const Load& from = loads_[*dense];
    if (from.partial <= 0 || from.layers <= (IsLast(i) ? 1 : 0)) return;
    const auto attempt = [&](Part part) {
      Loads loads = base_;
      loads[i].first = part;
      loads[i].to_next_card = !IsLast(i);
      std::vector<Bytes> bytes = UseOf(loads);
      const bool fits = bytes[i] < targets_[i] && (IsLast(i) || bytes[i + 1] < targets_[i + 1]);
      if (fits) {
        loads_ = std::move(loads);
        used_ = std::move(bytes);
      }
      return fits;
    };
    base_ = loads_;
    Load& source = base_[*dense];
    --source.layers;
    --source.partial;
    ++base_[i].layers;
    ++base_[i].partial;
    const bool emptied = source.partial == 0;
    bool moved = attempt(Part::kUp);
    if (moved) {
      attempt(Part::kGate);
    } else {
      moved = attempt(Part::kAttention);
    }
    if (moved && emptied) *dense = std::min(*dense + 1, loads_.size() - 1);
  }

  const std::vector<size_t>& cards_;
  Bytes margin_;
  Resolved& resolved_;
  LlamaData& data_;
  int64_t file_layers_ = 0;
  bool has_experts_ = false;
  std::vector<Bytes> targets_, used_;
  Loads loads_, base_;
};

}  // namespace

LlamaFit FitLlama(const std::vector<size_t>& cards, Bytes margin, Resolved* resolved, LlamaData* data) {
  return Fitter(cards, margin, resolved, data).Run();
}

}  // namespace plimsoll
