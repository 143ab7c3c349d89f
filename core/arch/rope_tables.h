// Rotary embeddings: the width of the rotated part, and the tables of cosines and sines that vLLM keeps.
#ifndef PLIMSOLL_CORE_ARCH_ROPE_TABLES_H_
#define PLIMSOLL_CORE_ARCH_ROPE_TABLES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/arch/architecture_builder.h"

namespace plimsoll {

void ReadRope(ArchitectureBuilder& builder);

// A scaling that is asked for in the place of the model's own, as text "yarn:4:32768": kind, factor and the length
// that it starts from, of which the last may be left out.
struct RopeScaling {
  std::string kind;
  double factor = 1;
  int64_t original = 0;  // 0: not said
};
std::optional<RopeScaling> ReadRopeScaling(std::string_view text);
std::string RopeScalingText(const RopeScaling& scaling);

// What depends on it.
struct RopeLengths {
  int64_t scaled = 0, stretched = 0;  // as of Architecture
  int64_t table_elements = 0;
};
RopeLengths LengthsOf(const Architecture& architecture);
RopeLengths LengthsUnder(const Architecture& architecture, const RopeScaling& scaling);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_ROPE_TABLES_H_
