// What has to be fetched before a configuration can start. An engine that makes a format of 16-bit weights while it loads them
// fetches those, where no repository has the format itself.
#ifndef PLIMSOLL_CORE_LAUNCH_DOWNLOAD_H_
#define PLIMSOLL_CORE_LAUNCH_DOWNLOAD_H_

#include <string>
#include <string_view>

#include "core/base/units.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/engines/engine.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Formats that an engine makes of 16-bit weights while it loads them (vLLM docs/features/quantization: fp8, bitsandbytes): by
// an option, where there is one.
bool IsMadeAtLoad(const EngineLanguage& language, std::string_view format);

struct Download {
  Bytes size;
  std::string made_from;  // the format that is fetched, where another is made of it
};
Download DownloadOf(const Config& config, const Catalog& catalog, const Resolved& resolved);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_LAUNCH_DOWNLOAD_H_
