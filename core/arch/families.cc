#include "core/arch/families.h"

#include "core/arch/classic_families.h"
#include "core/arch/dense_families.h"
#include "core/arch/hybrid_families.h"
#include "core/arch/latent_families.h"
#include "core/arch/moe_families.h"

namespace plimsoll {

const Family* FindFamily(std::string_view name) {
  if (const Family* family = FindDenseFamily(name)) return family;
  if (const Family* family = FindMoeFamily(name)) return family;
  if (const Family* family = FindLatentFamily(name)) return family;
  if (const Family* family = FindHybridFamily(name)) return family;
  return FindClassicFamily(name);
}

}  // namespace plimsoll
