#include "core/engines/llama_cpp/llama_fit.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "core/engines/llama_cpp/llama_overrides.h"
#include "core/engines/llama_cpp/llama_plan.h"

namespace plimsoll {
namespace {

// Of a layer, what stays on the card.
enum class Part : uint8_t { kAll, kAttention, kUp, kGate, kDense };

// Where a layer's overflow goes.
struct Overflow {
  Part part = Part::kAll;
  int32_t card = -1;  // -1: RAM
};

// "blk.{}.ffn_gate_exps.weight": gate.
std::string_view FfnName(const GgufTensor& tensor) {
  const size_t at = tensor.name.find("ffn_");
  return at == std::string::npos ? std::string_view() : std::string_view(tensor.name).substr(at + 4);
}

// common/fit.cpp get_overflow_pattern: what of a layer does not stay.
bool Overflows(const GgufTensor& tensor, Part part) {
  if (part == Part::kAll) return false;
  if (part == Part::kDense) return tensor.expert;
  const std::string_view name = FfnName(tensor);
  const bool fused = name.starts_with("gate_up");
  const bool down = name.starts_with("down"), gate = name.starts_with("gate") && !fused;
  const bool up = name.starts_with("up");
  return down || (part != Part::kGate && (gate || fused)) || (part == Part::kAttention && up);
}

// `layers`: of the file's, in order.
TensorOverrides MovesOf(const Architecture& architecture, const std::vector<Overflow>& layers) {
  TensorOverrides overrides;
  double experts = 0, dense = 0;
  for (size_t i = 0; i < architecture.gguf.size(); ++i) {
    const GgufTensor& tensor = architecture.gguf[i];
    if (tensor.group < 0 && !tensor.mtp) continue;
    const double elements =
        static_cast<double>(tensor.ne0) * static_cast<double>(tensor.ne1) * static_cast<double>(tensor.ne2);
    for (size_t layer = 0; layer < layers.size(); ++layer) {
      const bool mtp = layer >= static_cast<size_t>(architecture.layers);
      if (tensor.mtp != mtp || (!mtp && architecture.layer_group[layer] != tensor.group)) continue;
      (tensor.expert ? experts : dense) += elements;
      const Overflow& overflow = layers[layer];
      if (!Overflows(tensor, overflow.part)) continue;
      overrides.moves.push_back({static_cast<int32_t>(i), static_cast<int32_t>(layer), overflow.card});
      if (overflow.card < 0) (tensor.expert ? overrides.host_experts : overrides.host_dense) += elements;
    }
  }
  if (experts > 0) overrides.host_experts /= experts;
  if (dense > 0) overrides.host_dense /= dense;
  return overrides;
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
      targets_.push_back(c.capacity - c.others - LlamaRuntimeBytes(*c.gpu, BackendOf(resolved_)) - margin_);
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
    SetOverrides(std::vector<Overflow>(static_cast<size_t>(file_layers_), Overflow{Part::kDense, -1}));
    LlamaPlan plan(resolved_);
    const std::vector<Bytes> bytes = CardBytes(&plan);
    Bytes surplus;
    for (size_t i = 0; i < cards_.size(); ++i) surplus += targets_[i] - bytes[i];
    return surplus > Bytes(0);
  }

  void SetOverrides(const std::vector<Overflow>& layers) {
    const bool any = std::any_of(layers.begin(), layers.end(),
                                 [](const Overflow& overflow) { return overflow.part != Part::kAll; });
    data_.overrides = nullptr;
    if (any)
      data_.overrides = std::make_shared<const TensorOverrides>(MovesOf(*resolved_.architecture, layers));
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
    std::vector<Overflow> layers(static_cast<size_t>(file_layers_));
    int64_t layer = file_layers_ + 1 - all;
    for (size_t i = 0; i < loads.size(); ++i) {
      layer += loads[i].whole();
      for (int64_t n = 0; n < loads[i].partial; ++n, ++layer) {
        if (layer < 0 || layer >= file_layers_) continue;
        Overflow& overflow = layers[static_cast<size_t>(layer)];
        overflow.part = n == 0 ? loads[i].first : Part::kDense;
        if (n == 0 && loads[i].to_next_card) overflow.card = static_cast<int32_t>(cards_[i + 1]);
      }
    }
    SetOverrides(layers);
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
