// Python that starts an engine: LLM(model="…", tensor_parallel_size=2), sgl.Engine(model_path="…").
#ifndef PLIMSOLL_CORE_CHECK_PYTHON_CALL_H_
#define PLIMSOLL_CORE_CHECK_PYTHON_CALL_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/check/check_result.h"

namespace plimsoll {

struct PythonArgument {
  std::string name;   // empty: by its place
  std::string value;  // text without its quotes, everything else as it stands
  size_t begin = 0, end = 0, value_begin = 0;
};

// The arguments of the call whose "(" stands at `open`; nothing where it does not close.
std::optional<std::vector<PythonArgument>> ReadArguments(std::string_view text, size_t open);

std::optional<Result<CheckResult>> ReadPythonText(std::string_view text, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_PYTHON_CALL_H_
