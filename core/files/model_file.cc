#include "core/files/model_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/arch/architecture.h"
#include "core/base/mistaken_bytes.h"
#include "core/files/gguf_config.h"
#include "core/files/gguf_header.h"
#include "core/files/safetensors_header.h"
#include "core/formats/format_object.h"
#include "core/weights/gguf_recipe.h"
#include "core/weights/read_architecture.h"

namespace plimsoll {
namespace {

constexpr int64_t kMostJson = int64_t{16} << 20;

Error Named(const FilePart& part, const Error& error) {
  return Error{part.name, error.given, error.accepted};
}

Result<ModelFile> ReadGgufParts(const std::vector<FilePart>& parts) {
  ModelFile file;
  file.kind = FileKind::kGguf;
  std::vector<GgufHeader> headers;
  for (const FilePart& part : parts) {
    Result<GgufHeader> header = part.gguf ? *part.gguf : ReadGgufHeader(part.bytes, part.size);
    if (!header.ok()) return Named(part, header.error());
    if (header->needed_bytes > 0) {
      file.needed_bytes = header->needed_bytes;
      file.needed_name = part.name;
      return file;
    }
    headers.push_back(std::move(*header));
  }
  if (headers.size() == 1 && headers[0].split_count > 1) {
    file.remarks.push_back("This is part " + std::to_string(headers[0].split_no + 1) + " of " +
                           std::to_string(headers[0].split_count) +
                           "; the other parts hold the other tensors.");
  }
  Result<GgufHeader> whole =
      headers.size() == 1 ? Result<GgufHeader>(std::move(headers[0])) : JoinGgufHeaders(headers);
  if (!whole.ok()) return Named(parts[0], whole.error());
  file.rows = ListFileTensors(*whole);
  file.bytes = whole->data;
  file.format = FormatOfGguf(*whole);
  const Result<Json> model = ConfigOfGguf(*whole);
  if (!model.ok()) {
    file.remarks.push_back("Its architecture is not one that we know: " + model.error().given +
                           ". Known: " + model.error().accepted + ".");
    return file;
  }
  const Result<Architecture> architecture = ReadArchitecture(*model, "gguf");
  if (!architecture.ok()) {
    file.remarks.push_back(
        "Its metadata does not make a model that we can count: " + architecture.error().Message() + ".");
    return file;
  }
  file.own_format = ExactFormatOfGguf(*whole, *architecture);
  const Result<WeightFormat> format = ReadWeightFormat(file.own_format, "format");
  const Bytes counted = format.ok() ? LayOutGguf(*architecture, *format).tensors : Bytes(0);
  if (whole->split_count == 1 && counted != file.bytes) {
    file.remarks.push_back("As we read its architecture the tensors take " + std::to_string(counted.count()) +
                           " bytes, in the file " + std::to_string(file.bytes.count()) +
                           ": it holds tensors that we do not expect, or lacks some.");
  }
  file.model = *model;
  return file;
}

Result<ModelFile> ReadSafetensorsParts(const std::vector<FilePart>& parts) {
  ModelFile file;
  file.kind = FileKind::kSafetensors;
  std::vector<SafetensorsTensor> tensors;
  for (const FilePart& part : parts) {
    Result<SafetensorsHeader> header = ReadSafetensorsHeader(part.bytes, part.size);
    if (!header.ok()) return Named(part, header.error());
    if (header->needed_bytes > 0) {
      file.needed_bytes = header->needed_bytes;
      file.needed_name = part.name;
      return file;
    }
    file.bytes += header->data;
    for (SafetensorsTensor& tensor : header->tensors) tensors.push_back(std::move(tensor));
  }
  file.rows = ListFileTensors(tensors);
  file.format = GuessFormat(tensors);
  file.remarks.push_back(
      "A safetensors file does not say what architecture it is: drop the config.json beside it too.");
  return file;
}

Result<ModelFile> ReadJsonPart(const FilePart& part) {
  ModelFile file;
  if (part.size > static_cast<int64_t>(part.bytes.size())) {
    if (part.size > kMostJson)
      return Error{part.name, std::to_string(part.size) + " bytes", "JSON of at most 16 MiB"};
    file.needed_bytes = part.size;
    file.needed_name = part.name;
    return file;
  }
  // An index is megabytes of names, of which its own reader builds no tree.
  if (part.bytes.find("\"weight_map\"") != std::string::npos) {
    Result<SafetensorsIndex> index = ReadSafetensorsIndex(part.bytes);
    if (!index.ok()) return Named(part, index.error());
    file.kind = FileKind::kSafetensorsIndex;
    file.bytes = index->total;
    file.remarks.push_back(
        std::to_string(index->names.size()) + " tensors in " + std::to_string(index->files.size()) +
        " files; an index tells neither types nor shapes: give the config.json beside it.");
    return file;
  }
  const Result<Json> json = Json::Parse(part.bytes, part.name);
  if (!json.ok()) return json.error();
  file.kind = FileKind::kConfig;
  const Result<Architecture> architecture = ReadArchitecture(*json, part.name);
  if (!architecture.ok()) return architecture.error();
  file.remarks = architecture->remarks;
  file.model = *json;
  return file;
}

bool LooksLikeJson(std::string_view bytes) {
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && bytes[first] == '{';
}

bool IsQuantization(const Json& json) {
  const bool model = json.Has("architectures") || json.Has("model_type") || json.Has("dim");
  return !model && (json.Has("quantization") || json.Has("quant_method") || json.Has("quant_algo"));
}

// A repository's files at once: its config with the quantisation that stands beside it, the shards' tensors,
// and the index, which the shards make superfluous. Other JSON files of a repository are passed over.
Result<ModelFile> ReadTogether(const std::vector<FilePart>& parts) {
  std::vector<FilePart> shards;
  Json config, quantization;
  std::string config_name, ignored;
  for (const FilePart& part : parts) {
    if (!LooksLikeJson(part.bytes)) {
      shards.push_back(part);
      continue;
    }
    const Result<Json> json = Json::Parse(part.bytes, part.name);
    if (!json.ok()) return json.error();
    if (IsQuantization(*json)) {
      quantization = *json;
    } else if (json->Has("architectures") || json->Has("model_type") || json->Has("dim")) {
      if (!config.is_null()) return Error{part.name, "a second config beside " + config_name, "one model"};
      config = *json;
      config_name = part.name;
    } else {
      ignored += (ignored.empty() ? "" : ", ") + part.name;
    }
  }
  ModelFile file;
  if (!shards.empty()) {
    Result<ModelFile> read = ReadSafetensorsParts(shards);
    if (!read.ok() || read->needed_bytes > 0) return read;
    file = *std::move(read);
    if (!config.is_null()) file.remarks.clear();
  }
  if (config.is_null()) {
    if (shards.empty()) return Error{parts[0].name, "no config.json among these files", "a config.json"};
    return file;
  }
  if (!quantization.is_null() && !config.Has("quantization_config"))
    config.Set("quantization_config", quantization);
  const Result<Architecture> architecture = ReadArchitecture(config, config_name);
  if (!architecture.ok()) return architecture.error();
  if (shards.empty()) file.kind = FileKind::kConfig;
  for (const std::string& remark : architecture->remarks) file.remarks.push_back(remark);
  if (!ignored.empty()) file.remarks.push_back("Passed over: " + ignored + ".");
  file.model = std::move(config);
  return file;
}

}  // namespace

std::string_view FileKindName(FileKind kind) {
  switch (kind) {
    case FileKind::kGguf:
      return "GGUF";
    case FileKind::kSafetensors:
      return "safetensors";
    case FileKind::kSafetensorsIndex:
      return "safetensors index";
    case FileKind::kConfig:
      return "config.json";
  }
  return "";
}

std::optional<FileKind> KindOfBytes(std::string_view bytes) {
  if (bytes.substr(0, 4) == "GGUF") return FileKind::kGguf;
  if (LooksLikeJson(bytes)) return FileKind::kConfig;
  // Eight bytes of length, of which no file needs the last, then JSON.
  if (bytes.size() > 8 && bytes[7] == '\0' && LooksLikeJson(bytes.substr(8, 64)))
    return FileKind::kSafetensors;
  return std::nullopt;
}

Result<ModelFile> ReadModelFile(const std::vector<FilePart>& parts) {
  static constexpr const char* kAccepted =
      "a GGUF or .safetensors file, a safetensors index, or a config.json";
  if (parts.empty()) return Error{"file", "nothing", kAccepted};
  const std::string_view first = parts[0].bytes;
  const std::optional<FileKind> kind = parts[0].gguf != nullptr ? FileKind::kGguf : KindOfBytes(first);
  if (kind == FileKind::kGguf) return ReadGgufParts(parts);
  if (parts.size() > 1 &&
      std::any_of(parts.begin(), parts.end(), [](const FilePart& part) { return LooksLikeJson(part.bytes); }))
    return ReadTogether(parts);
  if (kind == FileKind::kConfig) return ReadJsonPart(parts[0]);
  if (kind == FileKind::kSafetensors) return ReadSafetensorsParts(parts);
  if (const std::optional<Mistaken> mistaken = MistakenBytes(first))
    return Error{parts[0].name, mistaken->what, mistaken->instead};
  return Error{parts[0].name, "a file that begins with " + Quoted(first.substr(0, 8)), kAccepted};
}

}  // namespace plimsoll
