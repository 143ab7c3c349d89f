// Sources: vllm/model_executor/models/registry.py, sglang/srt/models/, llama.cpp src/llama-arch.cpp (read in July 2026).
#include "core/engines/unserved.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace plimsoll {
namespace {

bool Begins(const Architecture& architecture, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return std::string_view(architecture.name).starts_with(name);
  });
}

}  // namespace

bool IsUnserved(const Architecture& architecture) {
  return IsBart(architecture) ||
         Begins(architecture, {"M2M100", "Marian", "Pegasus", "Blenderbot", "LED", "LongT5", "T5Gemma",
                               "Longformer", "Deberta", "RwkvFor", "Rwkv5"});
}

bool IsT5(const Architecture& architecture) {
  return Begins(architecture, {"T5ForConditionalGeneration", "T5EncoderModel", "UMT5"});
}

bool IsBart(const Architecture& architecture) { return Begins(architecture, {"Bart", "MBart"}); }

}  // namespace plimsoll
