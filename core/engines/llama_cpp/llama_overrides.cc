#include "core/engines/llama_cpp/llama_overrides.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "core/base/module_pattern.h"
#include "core/base/text.h"

namespace plimsoll {

namespace {

constexpr size_t kMostPairs = 64;

struct Pair {
  std::string text;
  Expression pattern;
  int32_t card = -1;
  bool matched = false;
};

// "CUDA1" -> 1, "CPU" -> -1; nothing: no such buffer.
std::optional<int32_t> CardOf(std::string_view buffer, int64_t cards) {
  if (buffer == "CPU" || buffer == "CUDA_Host" || buffer == "ROCm_Host") return -1;
  if (buffer == "Metal") return 0;
  for (const std::string_view backend : {"CUDA", "ROCm", "Vulkan", "SYCL", "MTL", "HIP"}) {
    if (!buffer.starts_with(backend)) continue;
    const std::string_view digits = buffer.substr(backend.size());
    if (digits.empty() || digits.size() > 4) return std::nullopt;
    int32_t card = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9') return std::nullopt;
      card = card * 10 + (c - '0');
    }
    if (card < cards) return card;
  }
  return std::nullopt;
}

Error Misread(std::string_view part, std::string accepted) {
  return Error{"override_tensor", Quoted(part), std::move(accepted)};
}

Error TooMuch(std::string_view pattern) {
  return Misread(pattern, "fewer or simpler patterns for a model of this many tensors");
}

std::optional<Error> ReadPairs(std::string_view text, int64_t cards, Steps* steps, std::vector<Pair>* pairs) {
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    // The first "=" parts them, as llama.cpp does.
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return Misread(part, "PATTERN=BUFFER; commas part the pairs, so a pattern holds none");
    }
    if (pairs->size() >= kMostPairs) return Misread(part, "at most " + CountText(kMostPairs) + " pairs");
    Pair pair;
    pair.text = std::string(part.substr(0, equals));
    if (!pair.pattern.Compile(pair.text, steps)) {
      if (steps->over()) return TooMuch(pair.text);
      return Misread(pair.text,
                     "a regular expression of literals, ., classes, groups, |, *, +, ?, {m} and anchors");
    }
    const std::optional<int32_t> card = CardOf(part.substr(equals + 1), cards);
    if (!card) {
      return Misread(part.substr(equals + 1),
                     cards == 1 ? std::string("the buffer CPU or CUDA0")
                                : "the buffer CPU, or CUDA0 to CUDA" + CountText(cards - 1));
    }
    pair.card = *card;
    pairs->push_back(std::move(pair));
  }
  return std::nullopt;
}

// "blk.{}.ffn_up.weight" of layer 3: "blk.3.ffn_up.weight".
std::string NameOf(const GgufTensor& tensor, int64_t layer) {
  const size_t at = tensor.name.find("{}");
  if (at == std::string::npos) return tensor.name;
  return tensor.name.substr(0, at) + std::to_string(layer) + tensor.name.substr(at + 2);
}

class Matcher {
 public:
  Matcher(const Architecture& architecture, Steps* steps, std::vector<Pair>* pairs)
      : a_(architecture), pairs_(*pairs), steps_(*steps) {}

  // The pattern at which the limit was passed; nullptr: none.
  const Pair* Run() {
    for (size_t i = 0; i < a_.gguf.size(); ++i) {
      const GgufTensor& tensor = a_.gguf[i];
      known_.assign(pairs_.size(), {});
      const int64_t first = tensor.mtp ? a_.layers : 0;
      const int64_t end = tensor.mtp ? a_.layers + a_.mtp_layers : a_.layers;
      if (tensor.group < 0 && !tensor.mtp) {
        Consider(static_cast<int32_t>(i), tensor, -1);
        continue;
      }
      for (int64_t layer = first; layer < end; ++layer) {
        if (!tensor.mtp && a_.layer_group[static_cast<size_t>(layer)] != tensor.group) continue;
        Consider(static_cast<int32_t>(i), tensor, static_cast<int32_t>(layer));
        if (over_ != nullptr) return over_;
      }
    }
    return over_;
  }

  TensorOverrides Take() {
    TensorOverrides overrides;
    overrides.moves = std::move(moves_);
    for (const Pair& pair : pairs_) {
      if (!pair.matched) overrides.unmatched.push_back(pair.text);
    }
    if (experts_ > 0) overrides.host_experts = host_experts_ / experts_;
    if (dense_ > 0) overrides.host_dense = host_dense_ / dense_;
    return overrides;
  }

 private:
  // What a pattern says of a tensor in layers whose number has as many digits; most see no digit.
  bool Matches(size_t pair, const std::string& name, int32_t layer) {
    const Expression& pattern = pairs_[pair].pattern;
    if (layer < 0 || pattern.sees_digits()) return pattern.MatchesWithin(name, &steps_);
    Known& known = known_[pair];
    const int digits = layer < 10 ? 1 : layer < 100 ? 2 : layer < 1000 ? 3 : 4;
    if (known.digits != digits) known = {digits, pattern.MatchesWithin(name, &steps_)};
    return known.matches;
  }

  void Consider(int32_t index, const GgufTensor& tensor, int32_t layer) {
    const double elements =
        static_cast<double>(tensor.ne0) * static_cast<double>(tensor.ne1) * static_cast<double>(tensor.ne2);
    if (layer >= 0) (tensor.expert ? experts_ : dense_) += elements;
    const std::string name = NameOf(tensor, layer);
    for (size_t i = 0; i < pairs_.size(); ++i) {
      const bool matches = Matches(i, name, layer);
      if (steps_.over()) {
        if (over_ == nullptr) over_ = &pairs_[i];
        return;
      }
      if (!matches) continue;
      Pair& pair = pairs_[i];
      pair.matched = true;
      moves_.push_back({index, layer, pair.card});
      if (pair.card < 0 && layer >= 0) (tensor.expert ? host_experts_ : host_dense_) += elements;
      return;
    }
  }

  struct Known {
    int digits = 0;
    bool matches = false;
  };

  const Architecture& a_;
  std::vector<Pair>& pairs_;
  std::vector<Known> known_;  // of the tensor at hand, for each pattern
  std::vector<TensorOverrides::Move> moves_;
  Steps& steps_;
  const Pair* over_ = nullptr;
  double experts_ = 0, dense_ = 0, host_experts_ = 0, host_dense_ = 0;
};

}  // namespace

Result<TensorOverrides> ReadTensorOverrides(std::string_view text, const Architecture& architecture,
                                            int64_t cards, Steps* steps) {
  std::vector<Pair> pairs;
  if (std::optional<Error> error = ReadPairs(text, cards, steps, &pairs)) return *error;
  Matcher matcher(architecture, steps, &pairs);
  if (const Pair* over = matcher.Run()) return TooMuch(over->text);
  return matcher.Take();
}

}  // namespace plimsoll
