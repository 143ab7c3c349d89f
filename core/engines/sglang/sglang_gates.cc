#include "core/engines/sglang/sglang_gates.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/text.h"
#include "core/engines/sglang/sglang_setup.h"
#include "core/engines/sglang/sglang_version.h"
#include "core/engines/unserved.h"

namespace plimsoll {
namespace {

class Gate {
 public:
  Gate(const Resolved& resolved, std::vector<Diagnostic>* diagnostics)
      : resolved_(resolved), diagnostics_(diagnostics) {}

  bool Check() {
    CheckCards();
    CheckRegistry();
    CheckDegrees();
    for (const LayerGroup& group : resolved_.architecture->groups) CheckLayer(group.shape);
    CheckCacheType();
    CheckMemories();
    CheckDraft();
    CheckLength();
    return ok_;
  }

 private:
  void Say(Severity severity, std::string_view code, std::string message, std::string fix) {
    if (severity == Severity::kError) ok_ = false;
    const bool said = std::any_of(diagnostics_->begin(), diagnostics_->end(),
                                  [code](const Diagnostic& known) { return known.code == code; });
    if (said) return;
    diagnostics_->push_back({std::string(code), severity, std::move(message), std::move(fix)});
  }

  void CheckCards() {
    const Gpu& gpu = *resolved_.cards[0].gpu;
    const bool intel = gpu.vendor == Vendor::kIntel && gpu.target != "hpu";
    if (gpu.vendor != Vendor::kNvidia && gpu.vendor != Vendor::kAmd && !intel) {
      Say(Severity::kError, "card_not_supported", "SGLang does not run on " + gpu.name + ".",
          "Use llama.cpp, or an NVIDIA or AMD card.");
    } else if (gpu.vendor == Vendor::kAmd && gpu.target != "gfx942" && gpu.target != "gfx950") {
      // sgl-kernel/setup_rocm.py
      Say(Severity::kError, "card_not_supported",
          "SGLang's kernels are built for MI300, MI325 and MI350 (gfx942, gfx950); " + gpu.name + " is " +
              gpu.target + ".",
          "Use vLLM or llama.cpp, or such a card.");
    } else if (gpu.vendor == Vendor::kNvidia && gpu.compute_capability > 0 && gpu.compute_capability < 75) {
      Say(Severity::kError, "compute_capability_too_low",
          gpu.name + " is older than Turing (compute capability 7.5), for which SGLang's kernels are built.",
          "Use llama.cpp, or a newer card.");
    } else {
      CheckFormat(gpu);
    }
    if (resolved_.format->family == FormatFamily::kBnbInt8) {
      Say(Severity::kError, "format_not_supported", "SGLang loads no 8-bit bitsandbytes weights.",
          "Use int8, fp8 or bnb-nf4.");
    }
  }

  void Need(const Gpu& gpu, int least, std::string_view instead) {
    if (gpu.vendor != Vendor::kNvidia || gpu.compute_capability >= least) return;
    Say(Severity::kError, "format_needs_newer_card",
        "SGLang " + resolved_.version.text + " needs compute capability " + CountText(least / 10) + "." +
            CountText(least % 10) + " for " + resolved_.format->id + " weights; " + gpu.name + " has " +
            CountText(gpu.compute_capability / 10) + "." + CountText(gpu.compute_capability % 10) + ".",
        std::string(instead));
  }

  // get_min_capability of the classes in srt/layers/quantization. Marlin takes NVFP4 on older cards since
  // 0.5.10 (#19652); on AMD's, Petit's kernels take the dense models (#7302), where they are installed.
  void CheckFormat(const Gpu& gpu) {
    const int64_t number = resolved_.version.number;
    switch (resolved_.format->family) {
      case FormatFamily::kNvfp4:
        Need(gpu, number >= SglangNumber(0, 5, 10) ? 75 : 100, "Use awq-int4 or fp8, or a newer release.");
        if (gpu.vendor == Vendor::kNvidia) return;
        Say(Severity::kError, "format_not_on_card",
            "SGLang has no NVFP4 kernels of its own on " + gpu.name +
                "; what a separate package (petit-kernel) adds on MI300 is not modelled.",
            "Use fp8, or awq-int4.");
        return;
      case FormatFamily::kMxfp4:
      case FormatFamily::kFp8:
      case FormatFamily::kFp8Block:
        Need(gpu, 80, "Use awq-int4 or gptq-int4, or a newer card.");
        return;
      case FormatFamily::kPacked:
        Need(gpu, 80, "Use awq-int4 or gptq-int4, or a newer card.");
        return;
      default:
        return;
    }
  }

  // srt/models/
  void CheckRegistry() {
    const bool t5 = IsT5(*resolved_.architecture);
    if (!t5 && !IsUnserved(*resolved_.architecture)) return;
    Say(Severity::kWarning, "model_not_in_sglang", "SGLang has no " + resolved_.architecture->name + ".",
        t5 ? "Use llama.cpp." : "");
  }

  void CheckDegrees() {
    if (resolved_.pp > resolved_.architecture->layers) {
      Say(Severity::kError, "more_stages_than_layers",
          "pp " + CountText(resolved_.pp) + " is more than the model's " +
              CountText(resolved_.architecture->layers) + " layers.",
          "Lower pp.");
    }
    if (resolved_.dp_attention && resolved_.tp % resolved_.dp != 0) {
      Say(Severity::kError, "dp_does_not_divide_tp",
          "Data-parallel attention divides tp " + CountText(resolved_.tp) + " by dp " +
              CountText(resolved_.dp) + ", which leaves a rest.",
          "Choose a dp that divides tp.");
    }
    if (resolved_.pp > 1 && resolved_.version.number < SglangNumber(0, 4, 6, 2)) {
      Say(Severity::kError, "pipeline_needs_newer_release",
          "SGLang " + resolved_.version.text + " has no pipeline parallelism; it came with 0.4.6.post2.",
          "Use a newer engine_version, or tp.");
    }
  }

  void CheckLayer(const LayerShape& shape) {
    const int64_t tp = SetupOf(resolved_).attention_tp;
    const std::string over = "tp " + CountText(tp);
    const Attention& attention = shape.attention;
    if (attention.heads % tp != 0) {
      Say(Severity::kError, "tp_does_not_divide_heads",
          CountText(attention.heads) + " attention heads cannot be divided over " + over + ".",
          "Choose a tp that divides " + CountText(attention.heads) + ", or use pp for the rest.");
    }
    const bool by_heads = attention.kv_heads > 0 && attention.kind != AttentionKind::kLatent &&
                          attention.kind != AttentionKind::kCompressed;
    if (by_heads && (attention.kv_heads >= tp ? attention.kv_heads % tp : tp % attention.kv_heads) != 0) {
      Say(Severity::kError, "tp_does_not_divide_kv_heads",
          CountText(attention.kv_heads) + " KV heads can neither be divided over " + over +
              " nor replicated evenly.",
          "Choose a tp that divides the KV heads or is a multiple of them.");
    } else if (by_heads && attention.kv_heads < tp) {
      Say(Severity::kInfo, "kv_heads_replicated",
          "With " + over + " over " + CountText(attention.kv_heads) +
              " KV heads each head is kept on several GPUs: the cache per GPU no longer shrinks.",
          "");
    }
    if (attention.kind == AttentionKind::kLatent && tp > 1) {
      Say(Severity::kInfo, "latent_on_every_rank", "The latent cache is whole on every rank of tp.",
          "With enable_dp_attention the ranks hold the cache of different requests.");
    }
    CheckExperts(shape.mlp);
  }

  void CheckExperts(const Mlp& mlp) {
    const int64_t ranks = SetupOf(resolved_).ranks_of_experts;
    if (mlp.kind != MlpKind::kMoe) return;
    if (ranks > 0 && mlp.experts % ranks != 0) {
      Say(Severity::kError, "experts_uneven",
          CountText(mlp.experts) + " experts cannot be dealt evenly over " + CountText(ranks) + " ranks.",
          "Choose a tp that divides them, or leave expert_parallel out.");
    }
    if (ranks == 0 && mlp.expert_intermediate % resolved_.tp != 0) {
      Say(Severity::kError, "tp_does_not_divide_mlp",
          "Experts of width " + CountText(mlp.expert_intermediate) + " cannot be divided over tp " +
              CountText(resolved_.tp) + ".",
          "Choose another tp, or set expert_parallel.");
    }
  }

  void CheckCacheType() {
    const KvTypes& types = resolved_.kv_cache_dtype;
    const auto known = [](KvType type) {
      return IsFp8(type) || type == KvType::kBf16 || type == KvType::kFp16 || type == KvType::kFp32 ||
             type == KvType::kNvfp4;
    };
    if (!known(types.k) || !known(types.v)) {
      Say(Severity::kError, "kv_type_not_supported", "SGLang has no such type of cached keys and values.",
          "Use auto, bf16, fp8_e4m3, fp8_e5m2 or nvfp4.");
    } else if (types.k != types.v) {
      Say(Severity::kError, "kv_types_differ", "SGLang keeps keys and values in one type.",
          "Give one type for both.");
    }
  }

  // "The memory capacity is unbalanced" (model_runner.py init_torch_distributed).
  void CheckMemories() {
    Bytes least(internal::kInt64Max), most;
    for (const Card& card : resolved_.cards) {
      least = std::min(least, card.capacity - card.others);
      most = std::max(most, card.capacity - card.others);
    }
    if (resolved_.tp > 1 && least < most / 10 * 9) {
      Say(Severity::kError, "memory_unbalanced",
          "One card has less than nine tenths of another's free memory: SGLang refuses to start.",
          "Free the fuller card, or use cards of one size.");
    }
  }

  // configs/model_config.py _derive_context_length. Releases of 0.4 let longer ones through with a warning.
  void CheckLength() {
    const int64_t own = resolved_.rope.stretched;
    if (own <= 0 || resolved_.max_model_len <= own) return;
    const bool let = resolved_.longer_context || resolved_.version.number < SglangNumber(0, 5, 0);
    Say(Severity::kWarning, "context_beyond_model",
        "max_model_len " + CountText(resolved_.max_model_len) + " is beyond the model's own " +
            CountText(own) + (let ? "." : ": SGLang refuses it unless it is told to let it through."),
        let ? "Set rope_scaling, as the model's card says, or lower max_model_len."
            : "Set SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN=1 (allow_longer_context), or lower "
              "max_model_len.");
  }

  void CheckDraft() {
    const Speculative& speculative = resolved_.speculative;
    if (speculative.num_tokens <= 0) return;
    if (speculative.method == SpeculativeMethod::kMtp && resolved_.architecture->mtp_layers == 0) {
      Say(Severity::kError, "no_mtp_layers", "The model has no layers that predict further tokens.",
          "Use eagle, or leave speculative out.");
    }
  }

  const Resolved& resolved_;
  std::vector<Diagnostic>* diagnostics_;
  bool ok_ = true;
};

}  // namespace

bool CheckSglangGates(const Resolved& resolved, std::vector<Diagnostic>* diagnostics) {
  return Gate(resolved, diagnostics).Check();
}

}  // namespace plimsoll
