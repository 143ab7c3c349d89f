#include "core/weights/read_architecture.h"

#include "core/arch/architecture_reader.h"
#include "core/weights/format_binding.h"

namespace plimsoll {

Result<Architecture> ReadArchitecture(const Json& config, std::string_view where,
                                      const std::optional<StoredParts>& stored) {
  Result<Architecture> architecture = BuildArchitecture(config, where, stored);
  if (architecture.ok()) PrepareFormats(&*architecture);
  return architecture;
}

}  // namespace plimsoll
