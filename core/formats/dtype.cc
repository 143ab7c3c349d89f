#include "core/formats/dtype.h"

namespace plimsoll {

int BytesPerElement(DType dtype) {
  switch (dtype) {
    case DType::kFp32:
      return 4;
    case DType::kBf16:
    case DType::kFp16:
      return 2;
    case DType::kFp8:
      return 1;
  }
  return 2;
}

}  // namespace plimsoll
