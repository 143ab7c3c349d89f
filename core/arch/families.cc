#include "core/arch/families.h"

#include "core/arch/classic_families.h"
#include "core/arch/convolution_families.h"
#include "core/arch/dense_families.h"
#include "core/arch/encoder_families.h"
#include "core/arch/hybrid_families.h"
#include "core/arch/latent_families.h"
#include "core/arch/mamba_families.h"
#include "core/arch/moe_families.h"
#include "core/arch/ngram_families.h"
#include "core/arch/rwkv_families.h"
#include "core/arch/speech_families.h"
#include "core/arch/vision_language_families.h"

namespace plimsoll {

const Family* FindFamily(std::string_view name) {
  if (const Family* family = FindDenseFamily(name)) return family;
  if (const Family* family = FindMoeFamily(name)) return family;
  if (const Family* family = FindLatentFamily(name)) return family;
  if (const Family* family = FindHybridFamily(name)) return family;
  if (const Family* family = FindEncoderFamily(name)) return family;
  if (const Family* family = FindSpeechFamily(name)) return family;
  if (const Family* family = FindConvolutionFamily(name)) return family;
  if (const Family* family = FindMambaFamily(name)) return family;
  if (const Family* family = FindNgramFamily(name)) return family;
  if (const Family* family = FindRwkvFamily(name)) return family;
  if (const Family* family = FindVisionLanguageFamily(name)) return family;
  return FindClassicFamily(name);
}

}  // namespace plimsoll
