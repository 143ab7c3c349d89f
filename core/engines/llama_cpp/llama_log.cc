#include "core/engines/llama_cpp/llama_log.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "core/arch/kv_cache.h"
#include "core/base/text.h"
#include "core/engines/llama_cpp/llama_data.h"
#include "core/engines/llama_cpp/llama_plan.h"
#include "core/engines/llama_cpp/llama_rules.h"
#include "core/engines/llama_cpp/llama_verdict.h"
#include "core/engines/system_memory.h"

namespace plimsoll {

namespace {

struct Prefixes {
  std::string_view load, cache, context;
};

// The functions that print were renamed as the code moved; dates from the log cases.
Prefixes PrefixesOf(const EngineVersion& version) {
  const auto since = [&](int32_t build, int32_t date) {
    return version.number > 0 ? version.number >= build : version.date >= date;
  };
  Prefixes prefixes = {"llm_load_tensors", "llama_kv_cache_init", "llama_new_context_with_model"};
  if (since(4420, 20250106)) prefixes.load = "load_tensors";
  if (since(4880, 20250313)) prefixes.context = "llama_context";
  if (since(5430, 20250520)) prefixes.cache = "llama_kv_cache_unified";
  if (since(6600, 20250926)) prefixes.cache = "llama_kv_cache";
  if (since(7700, 20260110)) prefixes.context = "sched_reserve";
  return prefixes;
}

std::string Padded(std::string text, size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

// As printf's %.2f: no separators.
std::string LogMib(Bytes bytes, size_t width) {
  std::string text = DecimalText(bytes.mib(), 2);
  text.erase(std::remove(text.begin(), text.end(), ','), text.end());
  return Padded(std::move(text), width);
}

// tools/rpc/rpc-server.cpp's default.
constexpr std::string_view kRpcPort = ":50052";

// Cards of RPC servers come first, and their buffers are called by the server's address and the card's number
// there (ggml/src/ggml-rpc/ggml-rpc.cpp ggml_backend_rpc_buffer_type), which builds before #16276 did not print.
struct DevicePlace {
  int64_t node = 0;  // 0: the machine that asks; else a server's, from 1
  int64_t index = 0;
};

DevicePlace PlaceOf(const Resolved& resolved, size_t card) {
  const auto number = static_cast<int64_t>(card);
  const int64_t remote = (resolved.nodes - 1) * resolved.gpus;
  if (number >= remote) return {0, number - remote};
  return {1 + number / resolved.gpus, number % resolved.gpus};
}

// The command names its servers node2, node3 and so on (llama_commands.cc).
std::string NodeName(const DevicePlace& place) { return "node" + std::to_string(place.node + 1); }

std::string DeviceName(const Resolved& resolved, size_t card) {
  const std::string_view backend = BackendName(BackendOf(resolved));
  if (resolved.ram_alone) return std::string(backend);
  const DevicePlace place = PlaceOf(resolved, card);
  if (place.node == 0) return std::string(backend) + std::to_string(place.index);
  const EngineVersion build = BuildOf(resolved);
  const bool numbered = build.number > 0 ? build.number >= 6690 : build.date >= 20251004;
  return "RPC" + (numbered ? std::to_string(place.index) : std::string()) + "[" + NodeName(place) +
         std::string(kRpcPort) + "]";
}

std::string BufferLine(std::string_view function, std::string_view device, size_t width,
                       std::string_view what, Bytes bytes) {
  return std::string(function) + ": " + Padded(std::string(device), width) + " " + std::string(what) +
         " buffer size = " + LogMib(bytes, 8) + " MiB";
}

std::string MibText(Bytes bytes) { return DecimalText(bytes.mib(), 2) + " MiB"; }

size_t Fullest(const Report& report) {
  size_t fullest = 0;
  for (size_t i = 1; i < report.per_gpu.size(); ++i) {
    if (report.per_gpu[i].headroom < report.per_gpu[fullest].headroom) fullest = i;
  }
  return fullest;
}

void AddCacheTerms(const Resolved& resolved, const LlamaCache& cache, const LlamaPlan& plan, size_t card,
                   std::vector<Term>* terms) {
  const Architecture& architecture = *resolved.architecture;
  const LlamaDevice& device = plan.placement().devices[card];
  const int32_t first = static_cast<int32_t>(std::min(device.first_layer, architecture.layers));
  const int32_t end = static_cast<int32_t>(std::min(device.end_layer, architecture.layers));
  for (size_t i = 0; i < architecture.groups.size(); ++i) {
    const LayerShape& shape = architecture.groups[i].shape;
    const int32_t group = static_cast<int32_t>(i);
    const int64_t layers = architecture.LayersBefore(group, end) - architecture.LayersBefore(group, first);
    const Bytes layer = LayerCacheBytes(cache, shape.attention);
    if (layers > 0 && layer > Bytes(0)) {
      const bool window = HasWindow(cache, shape.attention);
      const int64_t cells = (window ? cache.window_cells : cache.cells) * cache.streams;
      terms->push_back({window ? "Layers with a window" : "Layers with the whole context",
                        "layers x cells x (K row + V row)",
                        CountText(layers) + " x " + CountText(cells) + " x " +
                            CountText(cells > 0 ? layer.count() / cells : 0) + " B",
                        layer * layers, "src/llama-kv-cache.cpp", 1});
    }
  }
}

// What -ot, --n-cpu-moe and -ngl keep off the cards, and how the layers are shared out.
void AddPlacementTerms(const Resolved& resolved, const Report& report, const LlamaPlan& plan, size_t card,
                       std::vector<Term>* terms) {
  Bytes host, here;
  int64_t moved_host = 0, moved_here = 0;
  for (const MovedTensor& tensor : plan.moved()) {
    if (tensor.card >= 0 && static_cast<size_t>(tensor.card) != card) continue;
    (tensor.card < 0 ? host : here) += tensor.bytes;
    ++(tensor.card < 0 ? moved_host : moved_here);
  }
  const char* source = "src/llama-model.cpp load_tensors, tensor_buft_overrides";
  if (moved_here > 0) {
    terms->push_back({"Put here by override_tensor", "tensors that match",
                      CountedText(moved_here, "tensor", "tensors"), here, source, 1});
  }
  if (moved_host > 0) {
    terms->push_back({"Kept in RAM by override_tensor", "tensors that match",
                      CountedText(moved_host, "tensor", "tensors"), host, source, 2});
  }
  if (resolved.n_cpu_moe > 0 || plan.placement().host_layers > 0) {
    terms->push_back({"Weights in RAM", "n_cpu_moe, n_gpu_layers and the token embedding",
                      CountText(plan.placement().host_layers) + " whole layers, experts of " +
                          CountText(resolved.n_cpu_moe),
                      report.host.weights, "src/llama-model.cpp load_tensors", 2});
  }
  if (report.per_gpu.size() > 1) {
    const bool given = !resolved.config->tensor_split.empty();
    terms->push_back(
        {"Share of this card", given ? "tensor_split" : "by free memory",
         CountText(plan.placement().devices[card].end_layer - plan.placement().devices[card].first_layer) +
             " layers on GPU " + CountText(static_cast<int64_t>(card)),
         report.per_gpu[card].weights, "src/llama-model.cpp load_tensors, tensor_split", 2});
  }
}

}  // namespace

std::vector<std::string> LlamaLog(const Resolved& resolved, const Report& report) {
  std::vector<std::string> lines;
  const LlamaPlan plan(resolved);
  const LlamaCache cache = ShapeLlamaCache(resolved, ContextOf(resolved));
  const Prefixes prefixes = PrefixesOf(BuildOf(resolved));
  const int64_t layers = static_cast<int64_t>(plan.layout().layers.size());
  const LlamaBackend backend = BackendOf(resolved);
  std::vector<std::string> devices;
  for (size_t i = 0; i < report.per_gpu.size(); ++i) {
    devices.push_back(DeviceName(resolved, i));
  }
  const std::string pinned = std::string(BackendName(backend)) + "_Host";

  lines.push_back(std::string(prefixes.load) + ": offloaded " + std::to_string(plan.placement().offloaded) +
                  "/" + std::to_string(layers + 1) + " layers to GPU");
  if (!resolved.ram_alone) {
    lines.push_back(BufferLine(prefixes.load, "CPU_Mapped", 12, "model", report.host.weights));
  }
  for (size_t i = 0; i < devices.size(); ++i) {
    lines.push_back(BufferLine(prefixes.load, devices[i], 12, "model", report.per_gpu[i].weights));
  }
  if (report.host.kv_cache > Bytes(0)) {
    lines.push_back(BufferLine(prefixes.cache, "CPU", 10, "KV", report.host.kv_cache));
  }
  Bytes total_kv = report.host.kv_cache;
  for (size_t i = 0; i < devices.size(); ++i) {
    total_kv += report.per_gpu[i].kv_cache;
    if (report.per_gpu[i].kv_cache == Bytes(0)) continue;
    lines.push_back(BufferLine(prefixes.cache, devices[i], 10, "KV", report.per_gpu[i].kv_cache));
  }
  if (total_kv > Bytes(0)) {
    lines.push_back(std::string(prefixes.cache) + ": size = " + LogMib(total_kv, 7) + " MiB (" +
                    Padded(std::to_string(cache.cells), 6) + " cells, " + std::to_string(cache.streams) +
                    "/" + std::to_string(cache.sequences) + " seqs)");
  }
  for (size_t i = 0; i < devices.size(); ++i) {
    if (report.per_gpu[i].recurrent_state == Bytes(0)) continue;
    lines.push_back(
        BufferLine("llama_memory_recurrent", devices[i], 10, "RS", report.per_gpu[i].recurrent_state));
  }
  for (size_t i = 0; i < devices.size(); ++i) {
    lines.push_back(
        BufferLine(prefixes.context, devices[i], 10, "compute", report.per_gpu[i].compute_buffer));
  }
  if (!resolved.ram_alone) {
    lines.push_back(BufferLine(prefixes.context, pinned, 10, "compute", report.host.compute_buffer));
  }
  for (size_t i = 0; i < devices.size(); ++i) {
    if (resolved.cards[i].gpu->vendor != Vendor::kNvidia) continue;
    const DevicePlace place = PlaceOf(resolved, i);
    lines.push_back((place.node > 0 ? "nvidia-smi on " + NodeName(place) : std::string("nvidia-smi")) +
                    ": GPU " + std::to_string(place.index) + " about " +
                    CountText(static_cast<int64_t>(report.per_gpu[i].total.mib() + 0.5)) + " MiB used");
  }
  return lines;
}

namespace {

std::string RuntimeWords(const Resolved& resolved) {
  const bool cuda = resolved.cards.front().gpu->vendor == Vendor::kNvidia;
  return cuda ? "CUDA context, libraries, pools" : "the driver's context, libraries, pools";
}

}  // namespace

std::vector<Term> ExplainLlama(const Resolved& resolved, const Report& report) {
  std::vector<Term> terms;
  if (report.per_gpu.empty()) return terms;
  const size_t card = Fullest(report);
  const GpuReport& gpu = report.per_gpu[card];
  LlamaPlan plan(resolved);
  for (const Diagnostic& diagnostic : report.diagnostics) {
    if (diagnostic.code == kPipeliningDropped) plan.DropCopies();
  }
  const LlamaCache cache = ShapeLlamaCache(resolved, ContextOf(resolved));
  const LlamaDevice& device = plan.placement().devices[card];

  terms.push_back({"Weights", "tensors of the layers on this card, the output layer on the last",
                   CountText(device.end_layer - device.first_layer) + " of " +
                       CountText(static_cast<int64_t>(plan.layout().layers.size())) + " layers" +
                       (device.output ? " and the output" : "") + ", " + resolved.format->id,
                   gpu.weights, "src/llama-model.cpp load_tensors; types as src/llama-quant.cpp gives them",
                   0});
  const Bytes draft = plan.draft_weights() / static_cast<int64_t>(report.per_gpu.size());
  if (draft > Bytes(0)) {
    terms.push_back({"Draft model", "its tensors, spread over the cards", resolved.draft->name, draft,
                     "tools/server, --model-draft", 1});
  }
  AddPlacementTerms(resolved, report, plan, card, &terms);
  if (device.output && plan.layout().output > Bytes(0)) {
    terms.push_back(
        {"Output matrix", "vocabulary x hidden",
         plan.layout().tied ? "a copy of the token embedding, which itself stays in RAM" : "output.weight",
         plan.layout().output, "src/llama-model.cpp", 1});
  }
  terms.push_back(
      {"KV cache", "sum over layers of cells x (K row + V row)",
       CountText(cache.streams) + " x " + CountText(cache.cells) + " cells" +
           (cache.windowed ? ", " + CountText(cache.window_cells) + " in layers with a window" : ""),
       gpu.kv_cache, "src/llama-kv-cache.cpp, llama-kv-cache-iswa.cpp", 0});
  AddCacheTerms(resolved, cache, plan, card, &terms);
  if (cache.sequences > 1) {
    terms.push_back({"Slots", cache.streams > 1 ? "slots x cells of each" : "all slots share the cells",
                     CountText(cache.sequences) + " slots, " + CountText(cache.streams) + " x " +
                         CountText(cache.cells) + " cells",
                     gpu.kv_cache, "common/arg.cpp --parallel, --kv-unified", 2});
  }
  if (gpu.recurrent_state > Bytes(0)) {
    terms.push_back({"Recurrent state", "4 B x (convolution + state) x slots x (1 + drafted tokens)",
                     CountText(cache.sequences) + " x " + CountText(cache.snapshots), gpu.recurrent_state,
                     "src/llama-memory-recurrent.cpp", 0});
  }
  terms.push_back({"Compute buffer", "highest address of the graph's intermediate tensors, holes included",
                   CountText(std::min(resolved.n_ubatch, cache.context)) + " tokens per batch, " +
                       (resolved.flash_attention ? "with" : "without") + " flash attention",
                   gpu.compute_buffer, "ggml/src/ggml-alloc.c over the graph of src/llama-graph.cpp", 0});
  const LlamaPlan::BufferParts parts = plan.PartsOfBuffer(cache, card);
  if (plan.placement().copies > 1) {
    terms.push_back({"Pipeline copies", "(copies - 1) x inputs between cards",
                     CountText(plan.placement().copies) + " copies of every input", parts.copies,
                     "ggml/src/ggml-backend.cpp, GGML_SCHED_MAX_COPIES", 1});
  }
  if (parts.staged > Bytes(0)) {
    terms.push_back({"Op-offload staging", "largest weight kept in RAM, copied for each batch of 32 or more",
                     MibText(parts.staged) + "; --no-op-offload removes it", parts.staged,
                     "ggml/src/ggml-backend.cpp ggml_backend_sched_split_graph", 1});
  }
  const Bytes vision = plan.vision(card);
  if (vision > Bytes(0)) {
    terms.push_back({"Vision projector", "mmproj weights in 16 bits + its compute buffer",
                     MibText(vision) + "; --no-mmproj-offload keeps it in RAM", vision, "tools/mtmd/clip.cpp",
                     0});
  }
  if (gpu.activation > vision) {
    terms.push_back({"Draft context", "its KV cache and compute buffer", MibText(gpu.activation - vision),
                     gpu.activation - vision, "tools/server, --model-draft", 0});
  }
  terms.push_back({"Runtime", "measured", RuntimeWords(resolved), gpu.non_torch,
                   "measured constants; no log line shows it", 0});
  if (Has(BuildOf(resolved), LlamaChange::kFit) && !resolved.config->max_model_len) {
    terms.push_back({"Margin that --fit keeps free", "--fit-target on every card",
                     "the context is cut to keep it", MiB(1024), "common/fit.cpp", 2});
  }
  AddSystemTerms(resolved, gpu, &terms);
  return terms;
}

}  // namespace plimsoll
