// Which type an engine loads plain weights in when nobody says otherwise.
#ifndef PLIMSOLL_CORE_ENGINES_LOADED_DTYPE_H_
#define PLIMSOLL_CORE_ENGINES_LOADED_DTYPE_H_

#include "core/config/config.h"
#include "core/formats/dtype.h"

namespace plimsoll {

// The type in memory of weights that a checkpoint stores as `stored`.
DType LoadedDType(EngineKind engine, DType stored);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LOADED_DTYPE_H_
