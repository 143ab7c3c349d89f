#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/options.h"
#include "core/base/table.h"
#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/engines/file_config.h"
#include "core/engines/settle.h"
#include "core/files/model_file.h"
#include "core/resolve/resolved.h"
#include "core/weights/weights.h"

namespace plimsoll {
namespace {

std::string_view PartName(TensorPart part) {
  switch (part) {
    case TensorPart::kVision:
      return "vision";
    case TensorPart::kMtp:
      return "mtp";
    case TensorPart::kText:
      break;
  }
  return "text";
}

std::string_view ShardingName(Sharding sharding) {
  switch (sharding) {
    case Sharding::kRows:
      return "rows";
    case Sharding::kColumns:
      return "columns";
    case Sharding::kKvRows:
      return "kv_heads";
    case Sharding::kVocab:
      return "vocabulary";
    case Sharding::kExpert:
      return "experts";
    case Sharding::kReplicated:
      break;
  }
  return "replicated";
}

// "0-2, 5, 7-79".
std::string LayersText(const std::vector<int32_t>& layers) {
  std::string text;
  for (size_t i = 0; i < layers.size(); ++i) {
    size_t end = i;
    while (end + 1 < layers.size() && layers[end + 1] == layers[end] + 1) ++end;
    if (!text.empty()) text += ", ";
    text += std::to_string(layers[i]);
    if (end > i) text += "-" + std::to_string(layers[end]);
    i = end;
  }
  return text;
}

std::string ShapeText(const InventoryRow& row) {
  if (row.columns == 1) return std::to_string(row.rows);
  return std::to_string(row.rows) + " x " + std::to_string(row.columns);
}

Json RowJson(const InventoryRow& row) {
  Json shape = Json::MakeArray();
  shape.Append(Json(row.rows));
  if (row.columns != 1) shape.Append(Json(row.columns));
  Json layers = Json::MakeArray();
  for (int32_t layer : row.layers) layers.Append(Json(layer));
  Json json = Json::MakeObject();
  json.Set("name", row.name)
      .Set("role", RoleName(row.role))
      .Set("part", PartName(row.part))
      .Set("type", row.type)
      .Set("shape", std::move(shape))
      .Set("count", row.count)
      .Set("bytes", row.bytes.count())
      .Set("sharding", ShardingName(row.sharding))
      .Set("layers", std::move(layers));
  return json;
}

struct RoleSum {
  int64_t tensors = 0;
  int64_t elements = 0;
  Bytes bytes;
};

constexpr size_t kRoles = static_cast<size_t>(TensorRole::kOther) + 1;

std::array<RoleSum, kRoles> SumByRole(const std::vector<InventoryRow>& rows) {
  std::array<RoleSum, kRoles> sums{};
  for (const InventoryRow& row : rows) {
    RoleSum& sum = sums[static_cast<size_t>(row.role)];
    const int64_t elements = internal::SaturatingMultiply(row.rows, row.columns);
    sum.tensors = internal::SaturatingAdd(sum.tensors, row.count);
    sum.elements = internal::SaturatingAdd(sum.elements, internal::SaturatingMultiply(elements, row.count));
    sum.bytes += row.bytes;
  }
  return sums;
}

std::string RolesText(const std::vector<InventoryRow>& rows, Bytes total, SizeUnits units) {
  Table table({"role", "tensors>", "parameters>", "bytes>", "size>", "share>"});
  const std::array<RoleSum, kRoles> sums = SumByRole(rows);
  for (size_t role = 0; role < kRoles; ++role) {
    const RoleSum& sum = sums[role];
    if (sum.tensors == 0) continue;
    const double share = 100.0 * static_cast<double>(sum.bytes.count()) /
                         static_cast<double>(std::max<int64_t>(1, total.count()));
    table.Add({std::string(RoleName(static_cast<TensorRole>(role))), CountText(sum.tensors),
               CountText(sum.elements), CountText(sum.bytes.count()), SizeText(sum.bytes, units),
               DecimalText(share, 2) + " %"});
  }
  return table.Print();
}

std::string TensorsText(const std::vector<InventoryRow>& rows, SizeUnits units) {
  Table table({"tensor", "shape>", "count>", "type", "size>", "sharded by", "layers"});
  for (const InventoryRow& row : rows) {
    table.Add({row.name, ShapeText(row), CountText(row.count), row.type, SizeText(row.bytes, units),
               std::string(ShardingName(row.sharding)), LayersText(row.layers)});
  }
  return table.Print();
}

CommandResult PrintFile(const ModelFile& file, const Options& options) {
  const std::optional<Config> config = ConfigOfFile(file);
  if (options.Has("--json")) {
    Json tensors = Json::MakeArray();
    for (const InventoryRow& row : file.rows) tensors.Append(RowJson(row));
    Json remarks = Json::MakeArray();
    for (const std::string& remark : file.remarks) remarks.Append(Json(remark));
    Json json = Json::MakeObject();
    json.Set("kind", FileKindName(file.kind)).Set("format", file.format.empty() ? Json() : Json(file.format));
    json.Set("bytes", file.bytes.count()).Set("config", config ? EncodeConfigJson(*config) : Json());
    json.Set("remarks", std::move(remarks)).Set("tensors", std::move(tensors));
    return {0, json.Dump(2) + "\n", ""};
  }
  std::string text = std::string(FileKindName(file.kind));
  if (!file.format.empty()) text += " in " + file.format;
  if (file.bytes.count() > 0) {
    text += ": " + CountText(file.bytes.count()) + " bytes (" + SizeText(file.bytes, options.units()) + ")";
  }
  text += "\n";
  for (const std::string& remark : file.remarks) text += remark + "\n";
  if (config) text += EncodeConfigUrl(*config) + "\n";
  if (!file.rows.empty()) {
    text += "\n" + RolesText(file.rows, file.bytes, options.units()) + "\n" +
            TensorsText(file.rows, options.units());
  }
  return {0, std::move(text), ""};
}

}  // namespace

CommandResult RunInventory(const Arguments& arguments, const CommandContext& context) {
  Result<Options> options = Options::Take(arguments, {{"--json", "--gb"}, {"--url", "--config", "--file"}});
  if (!options.ok()) return Refused(options.error());
  if (options->Has("--file")) {
    const Result<ModelFile> file = ReadModelFiles(options->Value("--file"), "--file", context);
    return file.ok() ? PrintFile(*file, *options) : Refused(file.error());
  }
  Result<DecodedConfig> decoded = ReadConfig(*options, context);
  if (!decoded.ok()) return Refused(decoded.error());
  const Result<Resolved> resolved = Settle(decoded->config, context.catalog);
  if (!resolved.ok()) return Refused(resolved.error());
  const std::vector<InventoryRow> rows =
      ListInventory(*resolved->architecture, *resolved->format, *resolved->binding);

  if (options->Has("--json")) {
    Json tensors = Json::MakeArray();
    for (const InventoryRow& row : rows) tensors.Append(RowJson(row));
    Json json = Json::MakeObject();
    json.Set("model", resolved->model ? Json(resolved->model->id) : decoded->config.inline_model)
        .Set("format", resolved->format->id)
        .Set("checkpoint_repo", resolved->checkpoint ? Json(resolved->checkpoint->repo) : Json())
        .Set("checkpoint_bytes", resolved->stored.checkpoint.count())
        .Set("file_bytes", resolved->stored.file.count())
        .Set("bits_per_weight", resolved->stored.bits_per_weight)
        .Set("approximate", resolved->stored.approximate)
        .Set("total_params", resolved->parameters.total)
        .Set("text_params", resolved->parameters.text)
        .Set("active_params", resolved->parameters.active)
        .Set("tensors", std::move(tensors));
    return {0, json.Dump(2) + "\n", ""};
  }
  const std::string name = resolved->model ? resolved->model->name : resolved->architecture->name;
  std::string text = name + " in " + resolved->format->id;
  if (resolved->checkpoint) text += " as " + resolved->checkpoint->repo + " stores it";
  text += ": " + CountText(resolved->stored.checkpoint.count()) + " bytes (" +
          SizeText(resolved->stored.checkpoint, options->units()) + "), " +
          CountText(resolved->parameters.total) + " parameters, " +
          DecimalText(resolved->stored.bits_per_weight, 3) + " bits per weight" +
          (resolved->stored.approximate ? ", an average of published files" : "") + "\n\n";
  text += RolesText(rows, resolved->stored.checkpoint, options->units()) + "\n" +
          TensorsText(rows, options->units());
  return {0, std::move(text), ""};
}

}  // namespace plimsoll
