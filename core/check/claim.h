// What people say of a model's memory: "Qwen3 32B AWQ takes 17 GB", "70B Q4_K_M fits in 24 GB with 32k". The
// sentence is taken apart, judged with our numbers, and where it is wrong the mistake that leads to just that
// number is named: active parameters for all, one layer's cache for all layers', every head for the KV heads,
// GB for GiB, the digit in a format's name for its bits.
#ifndef PLIMSOLL_CORE_CHECK_CLAIM_H_
#define PLIMSOLL_CORE_CHECK_CLAIM_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/units.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"

namespace plimsoll {

enum class ClaimKind : uint8_t { kWeights, kCache, kCachePerToken, kTotal, kFits, kFact, kAmount };

// What is said of a model itself: "has 56B parameters", "has 32 KV heads".
enum class ClaimFact : uint8_t { kNone, kParameters, kActiveParameters, kKvHeads, kHeads, kLayers };

struct Claim {
  ClaimKind kind = ClaimKind::kWeights;
  bool fits = true;           // of kFits: or does not
  bool question = false;      // "can I run …?"
  bool needed = false;        // of kFits: so many cards and no fewer
  bool training = false;      // of what is not answered
  bool other_engine = false;  // one was named, by its format or itself
  ClaimFact fact = ClaimFact::kNone;
  double number = 0;      // of kFact
  double product = 0;     // of a name such as 8x7B, in thousand millions
  bool stand_in = false;  // no model is named, only a size: another of that size stands for it
  std::string unknown_model =
      {};                  // that the sentence is about, and nobody knows; everything else is as it was
  std::string model_text;  // as it was said
  Config config;           // model, format, context, cards
  Bytes said;              // the number, in the unit that was said; of kFits the memory
  bool binary = false;     // GiB was said, not GB
};

// Nothing where the text is no such sentence.
std::optional<Claim> ReadClaim(std::string_view text, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_CLAIM_H_
