#include "core/files/model_file_json.h"

#include <utility>

#include "core/base/json_members.h"
#include "core/base/text.h"

namespace plimsoll {
namespace {

Json RowToJson(const InventoryRow& row) {
  Json layers = Json::MakeArray();
  for (const int32_t layer : row.layers) layers.Append(Json(static_cast<int64_t>(layer)));
  return Json::MakeObject()
      .Set("name", row.name)
      .Set("role", static_cast<int64_t>(row.role))
      .Set("part", static_cast<int64_t>(row.part))
      .Set("type", row.type)
      .Set("rows", row.rows)
      .Set("columns", row.columns)
      .Set("count", row.count)
      .Set("bytes", row.bytes.count())
      .Set("layers", std::move(layers));
}

Json ValueOf(const Json& json, std::string_view key) {
  const Json* member = json.Find(key);
  return member == nullptr ? Json() : *member;
}

InventoryRow RowFromJson(const Json& json) {
  InventoryRow row;
  row.name = TextIn(json, "name");
  const int64_t role = CountIn(json, "role"), part = CountIn(json, "part");
  if (role >= 0 && role <= static_cast<int64_t>(TensorRole::kOther)) row.role = static_cast<TensorRole>(role);
  if (part >= 0 && part <= static_cast<int64_t>(TensorPart::kMtp)) row.part = static_cast<TensorPart>(part);
  row.type = TextIn(json, "type");
  row.rows = CountIn(json, "rows");
  row.columns = CountIn(json, "columns");
  row.count = CountIn(json, "count");
  row.bytes = Bytes(CountIn(json, "bytes"));
  if (const Json* layers = json.Find("layers"); layers != nullptr && layers->is_array()) {
    for (const Json& layer : layers->items()) {
      row.layers.push_back(static_cast<int32_t>(layer.AsInt().value_or(0)));
    }
  }
  return row;
}

}  // namespace

ReadFile CountFile(ModelFile file) {
  ReadFile read;
  for (const InventoryRow& row : file.rows) {
    read.tensors += row.count;
    read.parameters += (Bytes(row.rows) * row.columns * row.count).count();  // saturates
  }
  read.file = std::move(file);
  return read;
}

Json ReadFileToJson(const ReadFile& read) {
  const ModelFile& file = read.file;
  Json rows = Json::MakeArray(), remarks = Json::MakeArray();
  for (const InventoryRow& row : file.rows) {
    if (rows.items().size() < kMostFileRows) rows.Append(RowToJson(row));
  }
  for (const std::string& remark : file.remarks) remarks.Append(Json(remark));
  if (file.rows.size() > kMostFileRows) {
    remarks.Append(Json("Of " + CountText(static_cast<int64_t>(file.rows.size())) +
                        " kinds of tensor the first " + CountText(static_cast<int64_t>(kMostFileRows)) +
                        " are listed."));
  }
  return Json::MakeObject()
      .Set("kind", FileKindName(file.kind))
      .Set("tensors", read.tensors)
      .Set("parameters", read.parameters)
      .Set("bytes", file.bytes.count())
      .Set("format", file.format)
      .Set("model", file.model)
      .Set("own_format", file.own_format)
      .Set("remarks", std::move(remarks))
      .Set("rows", std::move(rows));
}

Result<ReadFile> ReadFileFromJson(const Json& json) {
  const std::string kind = TextIn(json, "kind");
  ReadFile read;
  bool known = false;
  for (const FileKind each :
       {FileKind::kGguf, FileKind::kSafetensors, FileKind::kSafetensorsIndex, FileKind::kConfig}) {
    if (FileKindName(each) != kind) continue;
    read.file.kind = each;
    known = true;
  }
  if (!known) return Error{"file", Quoted(kind), "a kind of model file"};
  read.tensors = CountIn(json, "tensors");
  read.parameters = CountIn(json, "parameters");
  read.file.bytes = Bytes(CountIn(json, "bytes"));
  read.file.format = TextIn(json, "format");
  read.file.model = ValueOf(json, "model");
  read.file.own_format = ValueOf(json, "own_format");
  const Json remarks = ValueOf(json, "remarks"), rows = ValueOf(json, "rows");
  for (const Json& remark : remarks.items()) read.file.remarks.emplace_back(remark.AsString());
  for (const Json& row : rows.items()) read.file.rows.push_back(RowFromJson(row));
  return read;
}

}  // namespace plimsoll
