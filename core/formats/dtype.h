// Plain number types of weights.
#ifndef PLIMSOLL_CORE_FORMATS_DTYPE_H_
#define PLIMSOLL_CORE_FORMATS_DTYPE_H_

#include <cstdint>

namespace plimsoll {

enum class DType : uint8_t { kFp32, kBf16, kFp16, kFp8 };
int BytesPerElement(DType dtype);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_FORMATS_DTYPE_H_
