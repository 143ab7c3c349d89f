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

std::optional<Result<CheckResult>> ReadPythonText(std::string_view text, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_PYTHON_CALL_H_
