#include "core/engines/ollama/ollama_log.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>

#include "core/arch/kv_type.h"
#include "core/base/text.h"
#include "core/config/config_value.h"
#include "core/engines/llama_cpp/llama_log.h"
#include "core/engines/ollama/ollama_data.h"
#include "core/engines/ollama/ollama_version.h"

namespace plimsoll {
namespace {

// format.HumanBytes2: binary, one decimal.
std::string Human(Bytes bytes) {
  std::string text =
      bytes >= GiB(1) ? DecimalText(bytes.gib(), 1) + " GiB" : DecimalText(bytes.mib(), 1) + " MiB";
  text.erase(std::remove(text.begin(), text.end(), ','), text.end());
  return text;
}

std::string Field(std::string_view key, Bytes bytes) {
  return " " + std::string(key) + "=\"" + Human(bytes) + "\"";
}

std::string Listed(const std::vector<int64_t>& numbers) {
  std::string text;
  for (const int64_t number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

// fs: library=cuda, rocm, metal, …
std::string LibraryName(const Resolved& resolved) {
  std::string name(BackendName(BackendOf(resolved)));
  if (name == "MTL") name = "Metal";
  return name;
}

void AddOffloadLine(const Resolved& resolved, const OllamaData& data, std::vector<std::string>* lines) {
  const OllamaLayers& believed = data.believed;
  const OllamaGraph& graph = data.graph;
  Bytes repeating;
  for (const Bytes layer : data.model.layers) repeating += layer;
  // Until 0.5.7 the cache counted as weights.
  const Bytes cached = resolved.version.number <= OllamaRelease(0, 5, 7) ? graph.cache_total : Bytes(0);
  std::string free;
  for (const size_t card : data.cards) free += (free.empty() ? "" : " ") + Human(data.free[card]);
  std::string library = LibraryName(resolved);
  for (char& c : library) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  const int64_t requested = resolved.config->n_gpu_layers.value_or(-1);
  std::string line = "msg=offload library=" + library + " layers.requested=" + std::to_string(requested) +
                     " layers.model=" + std::to_string(believed.all) +
                     " layers.offload=" + std::to_string(believed.on_cards) + " layers.split=\"" +
                     (data.cards.size() > 1 ? Listed(believed.per_card) : "") + "\" memory.available=\"[" +
                     free + "]\"";
  line += Field("memory.required.full", believed.size) + Field("memory.required.partial", believed.vram) +
          Field("memory.required.kv", graph.cache_total) +
          Field("memory.weights.total", repeating + data.model.output + cached) +
          Field("memory.weights.repeating", repeating + cached) +
          Field("memory.weights.nonrepeating", data.model.output) +
          Field("memory.graph.full", data.cards.size() > 1 ? graph.partial : graph.full) +
          Field("memory.graph.partial", graph.partial);
  if (data.model.projector > Bytes(0)) {
    line +=
        Field("projector.weights", data.model.projector) + Field("projector.graph", data.model.image_graph);
  }
  lines->push_back(std::move(line));
}

std::string KvName(KvType type) {
  return type == KvType::kFp16 ? std::string("f16") : std::string(KvTypeName(type));
}

void AddServerLines(const Resolved& resolved, const OllamaData& data, std::vector<std::string>* lines) {
  if (resolved.split_mode == SplitMode::kNone && resolved.cards.size() > 1 && !data.cards.empty()) {
    lines->push_back(
        "msg=\"selecting single GPU for llama-server model\" main_gpu=0 library=" + LibraryName(resolved) +
        Field("predicted", data.predicted) + Field("available", data.available));
  }
  if (!data.projector_off.empty()) {
    lines->push_back("msg=\"disabling multimodal projector offload\" reason=" +
                     std::string(data.projector_off));
  }
  std::string command = "msg=\"starting llama-server\" cmd=\"llama-server -c " +
                        std::to_string(ContextOf(resolved)) + " -np " + std::to_string(resolved.max_num_seqs);
  if (!data.projector_off.empty()) command += " --no-mmproj-offload";
  if (resolved.speculative.num_tokens > 0) {
    command += " --spec-type draft-mtp --spec-draft-n-max " + std::to_string(resolved.speculative.num_tokens);
  }
  if (resolved.config->kv_cache_dtype) {
    command += " --cache-type-k " + KvName(resolved.kv_cache_dtype.k) + " --cache-type-v " +
               KvName(resolved.kv_cache_dtype.v);
  }
  command += std::string(" --flash-attn ") + (!resolved.flash_attention          ? "off"
                                              : resolved.config->flash_attention ? "on"
                                                                                 : "auto");
  command += " -b " + std::to_string(resolved.n_ubatch) + " -ub " + std::to_string(resolved.n_ubatch);
  if (resolved.config->n_gpu_layers.value_or(-1) >= 0) {
    command += " -ngl " + std::to_string(resolved.n_gpu_layers);
  }
  if (resolved.split_mode == SplitMode::kNone) command += " --split-mode none --main-gpu 0";
  lines->push_back(command + "\"");
}

void AddLayoutLines(const Resolved& resolved, const Report& report, const OllamaData& data,
                    std::vector<std::string>* lines) {
  lines->push_back("msg=\"offloaded " + std::to_string(data.believed.on_cards) + "/" +
                   std::to_string(data.believed.all) + " layers to GPU\"");
  const auto line = [&](std::string_view what, std::string_view device, Bytes bytes) {
    if (bytes == Bytes(0)) return;
    lines->push_back("msg=\"" + std::string(what) + "\" device=" + std::string(device) +
                     Field("size", bytes));
  };
  for (size_t i = 0; i < report.per_gpu.size(); ++i) {
    const GpuReport& gpu = report.per_gpu[i];
    if (gpu.weights == Bytes(0)) continue;
    const std::string device = std::string(BackendName(BackendOf(resolved))) + std::to_string(i);
    // ollama's own engine holds the vision tower beside the output layer.
    const Bytes images = data.own_engine && gpu.activation > Bytes(0) ? data.model.projector : Bytes(0);
    line("model weights", device, gpu.weights + images);
    line("kv cache", device, gpu.kv_cache + gpu.recurrent_state);
    line("compute graph", device, data.own_engine ? gpu.compute_buffer : data.believed.graph);
  }
  line("model weights", "CPU", report.host.weights);
  line("kv cache", "CPU", report.host.kv_cache + report.host.recurrent_state);
  if (data.own_engine) line("compute graph", "CPU", report.host.compute_buffer);
  lines->push_back("msg=\"total memory\"" + Field("size", data.believed.size));
}

}  // namespace

OllamaListing ListedSize(const Resolved& resolved, const Report& report) {
  const OllamaData& data = OllamaOf(resolved);
  if (data.era != OllamaEra::kServer && !resolved.ram_alone) return {data.believed.size, data.believed.vram};
  Bytes weights, rest;
  for (const GpuReport& gpu : report.per_gpu) {
    weights += gpu.weights;
    rest += gpu.kv_cache + gpu.recurrent_state + gpu.compute_buffer;
  }
  OllamaListing listing{weights + rest, weights + rest};
  if (resolved.ram_alone) {
    listing.vram = Bytes(0);
    return listing;
  }
  const bool whole = report.layers_on_cards >= report.layers && data.overflowing == 0;
  if (whole) return listing;
  // What is mapped of the file spans the tensors that stay in RAM, the first and the last ones among them;
  // of that the excess over the file is taken off.
  const Bytes mapped = data.options.mmap ? data.model.file - weights : report.host.weights;
  listing.size += std::max(mapped, Bytes(0)) + report.host.kv_cache + report.host.recurrent_state +
                  report.host.compute_buffer;
  return listing;
}

// format.HumanBytes.
std::string OllamaSizeText(Bytes size) {
  constexpr struct {
    double bytes;
    std::string_view unit;
  } kUnits[] = {{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "KB"}};
  const auto count = static_cast<double>(size.count());
  for (const auto& unit : kUnits) {
    if (count < unit.bytes) continue;
    const double value = count / unit.bytes;
    const bool decimal = value < 10 && value != std::floor(value);
    return DecimalText(decimal ? value : std::floor(value), decimal ? 1 : 0) + " " + std::string(unit.unit);
  }
  return std::to_string(size.count()) + " B";
}

std::string ProcessorText(const OllamaListing& listing) {
  if (listing.vram == Bytes(0)) return "100% CPU";
  if (listing.vram >= listing.size) return "100% GPU";
  const double share =
      static_cast<double>((listing.size - listing.vram).count()) / static_cast<double>(listing.size.count());
  const auto percent = static_cast<int64_t>(std::lround(share * 100));
  return std::to_string(percent) + "%/" + std::to_string(100 - percent) + "% CPU/GPU";
}

std::vector<std::string> OllamaLog(const Resolved& resolved, const Report& report) {
  const OllamaData& data = OllamaOf(resolved);
  std::vector<std::string> lines;
  if (resolved.version.number >= OllamaRelease(0, 15, 5) && !resolved.config->max_model_len) {
    lines.push_back(
        "msg=\"vram-based default context\"" + Field("total_vram", data.vram) +
        " default_num_ctx=" + std::to_string(OllamaContext(resolved.version, data.family, data.vram)));
  }
  const bool prints_buffers = data.era == OllamaEra::kServer || !data.own_engine;
  switch (data.era) {
    case OllamaEra::kEstimate:
      if (!resolved.ram_alone) AddOffloadLine(resolved, data, &lines);
      break;
    case OllamaEra::kLayout:
      if (!resolved.ram_alone) AddLayoutLines(resolved, report, data, &lines);
      break;
    case OllamaEra::kServer:
      AddServerLines(resolved, data, &lines);
      break;
  }
  if (prints_buffers) {
    for (std::string& line : LlamaLog(resolved, report)) lines.push_back(std::move(line));
  }
  const OllamaListing listing = ListedSize(resolved, report);
  lines.push_back("ollama ps: SIZE " + OllamaSizeText(listing.size) + ", PROCESSOR " +
                  ProcessorText(listing) + ", CONTEXT " + std::to_string(resolved.max_model_len));
  return lines;
}

}  // namespace plimsoll
