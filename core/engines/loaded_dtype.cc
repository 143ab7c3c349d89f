#include "core/engines/loaded_dtype.h"

namespace plimsoll {

// Only float32 is cast. vLLM takes the platform's first type (vllm/config/model.py _resolve_auto_dtype):
// bfloat16, float16 on cards without it; both have two bytes. SGLang (configs/model_config.py
// _get_and_verify_dtype), TensorRT-LLM (models/convert_utils.py infer_dtype), LMDeploy, MLC LLM and ExLlama
// take float16. Transformers, MLX and llama.cpp's conversion keep what is stored.
DType LoadedDType(EngineKind engine, DType stored) {
  if (stored != DType::kFp32) return stored;
  switch (engine) {
    case EngineKind::kVllm:
      return DType::kBf16;
    case EngineKind::kSglang:
    case EngineKind::kTensorRtLlm:
    case EngineKind::kLmdeploy:
    case EngineKind::kMlcLlm:
    case EngineKind::kExllama:
    case EngineKind::kExllamaV2:
    case EngineKind::kAutoAwq:
      return DType::kFp16;
    case EngineKind::kLlamaCpp:
    case EngineKind::kMlx:
    case EngineKind::kTransformers:
      break;
  }
  return stored;
}

}  // namespace plimsoll
