#include "core/arch/families.h"

#include <span>

#include "core/arch/classic_families.h"
#include "core/arch/dense_families.h"
#include "core/arch/hybrid_families.h"
#include "core/arch/latent_families.h"
#include "core/arch/moe_families.h"
#include "core/arch/older_families.h"
#include "core/arch/sparse_families.h"

namespace plimsoll {

const Family* FindFamily(std::string_view name) {
  if (const Family* family = FindDenseFamily(name)) return family;
  if (const Family* family = FindMoeFamily(name)) return family;
  if (const Family* family = FindLatentFamily(name)) return family;
  if (const Family* family = FindHybridFamily(name)) return family;
  if (const Family* family = FindSparseFamily(name)) return family;
  if (const Family* family = FindOlderFamily(name)) return family;
  return FindClassicFamily(name);
}

std::vector<std::string_view> FamilyNames() {
  std::vector<std::string_view> names;
  for (const std::span<const Family> list :
       {DenseFamilies(), MoeFamilies(), LatentFamilies(), HybridFamilies(), SparseFamilies(), OlderFamilies(),
        ClassicFamilies()}) {
    for (const Family& family : list) names.push_back(family.name);
  }
  return names;
}

}  // namespace plimsoll
