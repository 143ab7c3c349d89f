#include "core/arch/families.h"

#include <span>

#include "core/arch/classic_families.h"
#include "core/arch/convolution_families.h"
#include "core/arch/dense_families.h"
#include "core/arch/dual_encoder_families.h"
#include "core/arch/encoder_families.h"
#include "core/arch/engram_families.h"
#include "core/arch/hybrid_families.h"
#include "core/arch/image_text_families.h"
#include "core/arch/latent_families.h"
#include "core/arch/local_hybrid_families.h"
#include "core/arch/looped_families.h"
#include "core/arch/mamba_families.h"
#include "core/arch/moe_families.h"
#include "core/arch/ngram_families.h"
#include "core/arch/older_families.h"
#include "core/arch/rwkv_families.h"
#include "core/arch/seq2seq_families.h"
#include "core/arch/sparse_families.h"
#include "core/arch/speech_families.h"
#include "core/arch/vision_language_families.h"

namespace plimsoll {

namespace {

// The span of one list, taken when it is asked for: lists of other files are not constant here.
constexpr std::span<const Family> (*kLists[])() = {
    DenseFamilies,       MoeFamilies,    LatentFamilies,  HybridFamilies,      EncoderFamilies,
    SpeechFamilies,      MambaFamilies,  NgramFamilies,   RwkvFamilies,        VisionLanguageFamilies,
    ConvolutionFamilies, SparseFamilies, OlderFamilies,   ClassicFamilies,     LoopedFamilies,
    ImageTextFamilies,   EngramFamilies, Seq2SeqFamilies, DualEncoderFamilies, LocalHybridFamilies};

}  // namespace

const Family* FindFamily(std::string_view name) {
  for (const auto list : kLists) {
    for (const Family& family : list()) {
      if (family.name == name) return &family;
    }
  }
  return nullptr;
}

std::vector<std::string_view> FamilyNames() {
  std::vector<std::string_view> names;
  for (const auto list : kLists) {
    for (const Family& family : list()) names.push_back(family.name);
  }
  return names;
}

}  // namespace plimsoll
