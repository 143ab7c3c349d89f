#include "core/files/gguf_header.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/base/double_bits.h"
#include "core/base/text.h"
#include "core/files/file_tensors.h"
#include "core/formats/format_object.h"
#include "core/weights/gguf_recipe.h"

namespace plimsoll {
namespace {

using internal::SaturatingMultiply;

constexpr uint64_t kMaxTensors = 200000;
constexpr uint64_t kMaxPairs = 1024;
constexpr uint64_t kMaxKey = 65535;  // docs/gguf.md
constexpr uint64_t kMaxName = 255;   // ggml allows 63; forks use more
constexpr uint64_t kMaxKeptText = 4096;
constexpr uint64_t kMaxKeptArray = 1024;  // a number per layer
constexpr int64_t kMaxElements = int64_t{1} << 50;

enum ValueType : uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

// Bytes of a scalar; 0: no scalar.
int SizeOf(uint32_t type) {
  switch (type) {
    case kUint8:
    case kInt8:
    case kBool:
      return 1;
    case kUint16:
    case kInt16:
      return 2;
    case kUint32:
    case kInt32:
    case kFloat32:
      return 4;
    case kUint64:
    case kInt64:
    case kFloat64:
      return 8;
    default:
      return 0;
  }
}

Error Bad(std::string field, std::string given, std::string_view accepted) {
  return Error{"gguf." + std::move(field), std::move(given), std::string(accepted)};
}

// Reads forward; what lies beyond the given bytes is remembered as the need for more.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  bool short_of_bytes() const { return needed_ > 0; }
  int64_t needed() const { return needed_; }
  size_t at() const { return at_; }

  // Nothing when the bytes end before.
  std::optional<std::string_view> Take(uint64_t count) {
    if (short_of_bytes()) return std::nullopt;
    if (count > bytes_.size() - at_) {
      needed_ = static_cast<int64_t>(
          std::min<uint64_t>(at_ + std::min<uint64_t>(count, uint64_t{1} << 40), uint64_t{1} << 41));
      return std::nullopt;
    }
    const std::string_view taken = bytes_.substr(at_, static_cast<size_t>(count));
    at_ += static_cast<size_t>(count);
    return taken;
  }

  uint64_t Number(int size) {
    const std::optional<std::string_view> taken = Take(static_cast<uint64_t>(size));
    if (!taken) return 0;
    uint64_t value = 0;
    for (int i = size - 1; i >= 0; --i)
      value = value << 8 | static_cast<unsigned char>((*taken)[static_cast<size_t>(i)]);
    return value;
  }
  uint32_t Word() { return static_cast<uint32_t>(Number(4)); }
  uint64_t Long() { return Number(8); }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
  int64_t needed_ = 0;
};

double FloatOf(uint64_t bits, uint32_t type) {
  if (type == kFloat32) {
    const auto word = static_cast<uint32_t>(bits);
    float value = 0;
    std::memcpy(&value, &word, sizeof value);
    return static_cast<double>(value);
  }
  return FromBits(bits);
}

Json ScalarOf(uint64_t bits, uint32_t type) {
  switch (type) {
    case kBool:
      return Json(bits != 0);
    case kFloat32:
    case kFloat64:
      return Json(FloatOf(bits, type));
    case kInt8:
      return Json(static_cast<int64_t>(static_cast<int8_t>(bits)));
    case kInt16:
      return Json(static_cast<int64_t>(static_cast<int16_t>(bits)));
    case kInt32:
      return Json(static_cast<int64_t>(static_cast<int32_t>(bits)));
    case kUint64:
      if (bits > static_cast<uint64_t>(internal::kInt64Max)) return Json(static_cast<double>(bits));
      return Json(static_cast<int64_t>(bits));
    default:
      return Json(static_cast<int64_t>(bits));
  }
}

}  // namespace

// Item by item: a pair, a text of an array, a tensor. An item whose bytes end before it does is read again
// from its beginning when more have come.
class GgufHeaderReader::Reader {
 public:
  explicit Reader(int64_t file_size) : file_size_(file_size) {}

  std::optional<Error> Feed(std::string_view slice) {
    const auto skipped = static_cast<size_t>(std::min<uint64_t>(skip_, slice.size()));
    skip_ -= skipped;
    at_ += static_cast<int64_t>(skipped);
    slice.remove_prefix(skipped);
    if (done_) return std::nullopt;
    if (skip_ > 0) return CheckLimits();
    if (!rest_.empty()) rest_.append(slice);
    const std::string_view bytes = rest_.empty() ? slice : std::string_view(rest_);
    size_t from = 0;
    while (!done_) {
      cursor_ = Cursor(bytes.substr(from));
      if (auto error = ReadItem()) return error;
      missing_ = cursor_.needed();
      if (cursor_.short_of_bytes()) break;
      const auto over = static_cast<size_t>(std::min<uint64_t>(skip_, bytes.size() - from - cursor_.at()));
      skip_ -= over;
      at_ += static_cast<int64_t>(cursor_.at() + over);
      from += cursor_.at() + over;
      if (skip_ > 0) break;
    }
    std::string left(bytes.substr(from));
    rest_ = std::move(left);
    return done_ ? std::nullopt : CheckLimits();
  }

  bool done() const { return done_; }
  // Where the next slice begins.
  int64_t next() const { return at_ + static_cast<int64_t>(rest_.size()); }
  // How far the header reaches at the least.
  int64_t needed() const { return at_ + static_cast<int64_t>(skip_) + std::max<int64_t>(missing_, 1); }
  GgufHeader& header() { return header_; }

 private:
  std::optional<Error> CheckLimits() const {
    if (needed() > kMaxGgufHeader) {
      return Bad("header", "more than " + std::to_string(kMaxGgufHeader) + " bytes", "a shorter header");
    }
    if (file_size_ >= 0 && needed() > file_size_) {
      return Bad("header", "an end after the file's " + std::to_string(file_size_) + " bytes",
                 "a whole file");
    }
    return std::nullopt;
  }

  std::optional<Error> ReadItem() {
    if (header_.version == 0) return ReadStart();
    if (texts_ > 0) return SkipText();
    if (pairs_read_ < pairs_) return ReadPair();
    if (!settled_) {
      settled_ = true;
      return ReadSettings();
    }
    if (header_.tensors.size() < tensors_) return ReadTensor();
    done_ = true;
    return CheckData();
  }

  std::optional<Error> ReadStart() {
    const std::optional<std::string_view> magic = cursor_.Take(4);
    if (!magic) return std::nullopt;
    if (*magic != "GGUF") return Bad("magic", Quoted(*magic), "a file that begins with GGUF");
    const uint32_t version = cursor_.Word();
    if (cursor_.short_of_bytes()) return std::nullopt;
    if (version == 0x02000000 || version == 0x03000000)
      return Bad("version", "big-endian", "a little-endian file");
    if (version != 2 && version != 3) return Bad("version", std::to_string(version), "2 or 3");
    tensors_ = cursor_.Long();
    pairs_ = cursor_.Long();
    if (cursor_.short_of_bytes()) return std::nullopt;
    header_.version = static_cast<int>(version);
    if (tensors_ > kMaxTensors) return Bad("tensor_count", std::to_string(tensors_), "at most 200000");
    if (pairs_ > kMaxPairs) return Bad("metadata_kv_count", std::to_string(pairs_), "at most 1024");
    return std::nullopt;
  }

  std::optional<Error> ReadPair() {
    const uint64_t length = cursor_.Long();
    if (cursor_.short_of_bytes()) return std::nullopt;
    if (length == 0 || length > kMaxKey)
      return Bad("key", "a length of " + std::to_string(length), "1 to 65535");
    const std::optional<std::string_view> key = cursor_.Take(length);
    const uint32_t type = cursor_.Word();
    if (!key || cursor_.short_of_bytes()) return std::nullopt;
    if (type == kArray) return ReadArray(std::string(*key));
    if (type == kString) return ReadText(*key);
    const int size = SizeOf(type);
    if (size == 0) return Bad(Quoted(*key), "a value of type " + std::to_string(type), "a type of GGUF");
    const uint64_t bits = cursor_.Number(size);
    if (cursor_.short_of_bytes()) return std::nullopt;
    Keep(*key, ScalarOf(bits, type));
    ++pairs_read_;
    return std::nullopt;
  }

  std::optional<Error> ReadText(std::string_view key) {
    const uint64_t length = cursor_.Long();
    if (cursor_.short_of_bytes()) return std::nullopt;
    if (length > static_cast<uint64_t>(kMaxGgufHeader)) {
      return Bad(Quoted(key), "a text of " + std::to_string(length) + " bytes", "a text inside the header");
    }
    if (length > kMaxKeptText) {
      skip_ = length;
      ++pairs_read_;
      return std::nullopt;
    }
    const std::optional<std::string_view> text = cursor_.Take(length);
    if (!text) return std::nullopt;
    Keep(key, Json(*text));
    ++pairs_read_;
    return std::nullopt;
  }

  // Of an array of texts, as many as the bytes hold.
  std::optional<Error> SkipText() {
    const uint64_t length = cursor_.Long();
    if (cursor_.short_of_bytes()) return std::nullopt;
    if (length > static_cast<uint64_t>(kMaxGgufHeader)) {
      return Bad(Quoted(texts_of_), "a text of " + std::to_string(length) + " bytes",
                 "texts inside the header");
    }
    skip_ = length;
    --texts_;
    return std::nullopt;
  }

  std::optional<Error> ReadArray(const std::string& key) {
    const uint32_t type = cursor_.Word();
    const uint64_t count = cursor_.Long();
    if (cursor_.short_of_bytes()) return std::nullopt;
    if (type != kString && SizeOf(type) == 0) {
      return Bad(Quoted(key), "an array of type " + std::to_string(type), "an array of numbers or texts");
    }
    // Each element takes at least a byte, so a count beyond the header's limit is a lie.
    if (count > static_cast<uint64_t>(kMaxGgufHeader)) {
      return Bad(Quoted(key), "an array of " + std::to_string(count), "an array inside the header");
    }
    Keep(key + "#", Json(static_cast<int64_t>(count)));
    if (type == kString) {
      texts_ = count;
      texts_of_ = key;
      ++pairs_read_;
      return std::nullopt;
    }
    const auto size = static_cast<uint64_t>(SizeOf(type));
    if (count > kMaxKeptArray) {
      skip_ = count * size;
      ++pairs_read_;
      return std::nullopt;
    }
    Json values = Json::MakeArray();
    for (uint64_t i = 0; i < count && !cursor_.short_of_bytes(); ++i) {
      values.Append(ScalarOf(cursor_.Number(static_cast<int>(size)), type));
    }
    if (cursor_.short_of_bytes()) return std::nullopt;
    Keep(key, std::move(values));
    ++pairs_read_;
    return std::nullopt;
  }

  void Keep(std::string_view key, Json value) {
    // Looking a key up is linear in the pairs so far; kMaxPairs bounds it.
    header_.metadata.Set(key, std::move(value));
  }

  int64_t Setting(std::string_view key, int64_t fallback) const {
    const Json* value = header_.metadata.Find(key);
    return value == nullptr ? fallback : value->AsInt().value_or(fallback);
  }

  std::optional<Error> ReadSettings() {
    header_.alignment = Setting("general.alignment", 32);
    const int64_t alignment = header_.alignment;
    if (alignment < 1 || alignment > (1 << 20) || (alignment & (alignment - 1)) != 0) {
      return Bad("general.alignment", std::to_string(alignment), "a power of two up to 1048576");
    }
    header_.split_no = Setting("split.no", 0);
    header_.split_count = std::max<int64_t>(Setting("split.count", 1), 1);
    if (header_.split_no < 0 || header_.split_no >= header_.split_count || header_.split_count > 65535) {
      return Bad("split.no", std::to_string(header_.split_no), "a part from 0 to split.count - 1");
    }
    return std::nullopt;
  }

  std::optional<Error> ReadTensor() {
    const uint64_t length = cursor_.Long();
    if (cursor_.short_of_bytes()) return std::nullopt;
    if (length == 0 || length > kMaxName)
      return Bad("tensor", "a name of " + std::to_string(length) + " bytes", "1 to 255");
    const std::optional<std::string_view> name = cursor_.Take(length);
    const uint32_t dimensions = cursor_.Word();
    if (!name || cursor_.short_of_bytes()) return std::nullopt;
    const std::string field = Quoted(*name);
    if (dimensions > 4) return Bad(field, std::to_string(dimensions) + " dimensions", "at most 4");
    GgufFileTensor tensor;
    tensor.name = std::string(*name);
    int64_t elements = 1;
    for (uint32_t i = 0; i < dimensions; ++i) {
      const uint64_t size = cursor_.Long();
      if (cursor_.short_of_bytes()) return std::nullopt;
      if (size > static_cast<uint64_t>(kMaxElements))
        return Bad(field, "a side of " + std::to_string(size), "up to 2^50");
      tensor.ne[i] = static_cast<int64_t>(size);
      elements = SaturatingMultiply(elements, tensor.ne[i]);
    }
    if (elements > kMaxElements) return Bad(field, "more than 2^50 elements", "a smaller tensor");
    const uint32_t type = cursor_.Word();
    const uint64_t offset = cursor_.Long();
    if (cursor_.short_of_bytes()) return std::nullopt;
    if (!FindGgmlType(type, &tensor.type))
      return Bad(field, "tensor type " + std::to_string(type), "a type of ggml");
    if (tensor.ne[0] % Info(tensor.type).block != 0) {
      return Bad(field, "rows of " + std::to_string(tensor.ne[0]),
                 "a multiple of " + std::to_string(Info(tensor.type).block));
    }
    if (offset % static_cast<uint64_t>(header_.alignment) != 0 || offset > uint64_t{1} << 60) {
      return Bad(field, "offset " + std::to_string(offset), "a multiple of the alignment inside the file");
    }
    tensor.offset = static_cast<int64_t>(offset);
    tensor.bytes =
        GgmlBytes(tensor.type, tensor.ne[0],
                  SaturatingMultiply(SaturatingMultiply(tensor.ne[1], tensor.ne[2]), tensor.ne[3]));
    header_.data += tensor.bytes;
    header_.tensors.push_back(std::move(tensor));
    return std::nullopt;
  }

  std::optional<Error> CheckData() {
    header_.data_start = RoundUp(at_, header_.alignment);
    std::vector<const GgufFileTensor*> sorted;
    for (const GgufFileTensor& tensor : header_.tensors) sorted.push_back(&tensor);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const GgufFileTensor* a, const GgufFileTensor* b) { return a->offset < b->offset; });
    int64_t end = 0;
    for (const GgufFileTensor* tensor : sorted) {
      if (tensor->offset < end)
        return Bad(Quoted(tensor->name), "bytes of another tensor", "tensors side by side");
      end = tensor->offset + tensor->bytes.count();
      if (file_size_ >= 0 && end > file_size_ - header_.data_start) {
        return Bad(Quoted(tensor->name), "an end after the file's", "a tensor inside the file");
      }
    }
    return std::nullopt;
  }

  Cursor cursor_{std::string_view()};  // over the item at hand
  int64_t file_size_;
  int64_t at_ = 0;        // of the file, where the item at hand begins
  std::string rest_;      // its bytes so far
  uint64_t skip_ = 0;     // bytes to pass over before it
  int64_t missing_ = 1;   // bytes that it takes at the least
  uint64_t tensors_ = 0;  // in all, as the header says
  uint64_t pairs_ = 0;
  uint64_t pairs_read_ = 0;
  uint64_t texts_ = 0;    // still to pass over in the array at hand
  std::string texts_of_;  // its key
  bool settled_ = false;
  bool done_ = false;
  GgufHeader header_;
};

namespace {

// The types that one tensor has in the file, block by block.
struct BlockTypes {
  std::string name;  // "attn_q"
  std::vector<std::pair<int32_t, GgmlType>> blocks;
  bool differ = false;  // from what the rules say
};

// {"0": "q6_k", "4": "q4_k"}, or one name if all blocks agree.
Json RunsOf(BlockTypes* types) {
  std::stable_sort(types->blocks.begin(), types->blocks.end(), std::less<>());
  Json runs = Json::MakeObject();
  for (size_t i = 0; i < types->blocks.size(); ++i) {
    const GgmlType type = types->blocks[i].second;
    if (i > 0 && types->blocks[i - 1].second == type) continue;
    runs.AppendMember(std::to_string(i == 0 ? 0 : types->blocks[i].first), Json(Info(type).name));
  }
  return runs.members().size() == 1 ? runs.members()[0].second : runs;
}

// "blk.{}.attn_q.weight" -> "attn_q".
std::string_view BareName(std::string_view name) {
  if (name.substr(0, 7) == "blk.{}.") name.remove_prefix(7);
  const size_t dot = name.rfind(".weight");
  return dot != std::string_view::npos && dot + 7 == name.size() ? name.substr(0, dot) : name;
}

}  // namespace

GgufHeaderReader::GgufHeaderReader(int64_t file_size) : reader_(std::make_unique<Reader>(file_size)) {}
GgufHeaderReader::~GgufHeaderReader() = default;
std::optional<Error> GgufHeaderReader::Feed(std::string_view slice) { return reader_->Feed(slice); }
bool GgufHeaderReader::complete() const { return reader_->done(); }
int64_t GgufHeaderReader::next() const { return reader_->next(); }
int64_t GgufHeaderReader::needed() const { return reader_->needed(); }
GgufHeader GgufHeaderReader::Take() { return std::move(reader_->header()); }

Result<GgufHeader> ReadGgufHeader(std::string_view first_bytes, int64_t file_size) {
  GgufHeaderReader reader(file_size);
  if (auto error = reader.Feed(first_bytes)) return *error;
  if (reader.complete()) return reader.Take();
  // How far the header reaches is known only at its end: ask for twice as much, at least what was missed.
  const auto given = static_cast<int64_t>(first_bytes.size());
  if (given >= kMaxGgufHeader) {
    return Bad("header", "more than " + std::to_string(kMaxGgufHeader) + " bytes", "a shorter header");
  }
  GgufHeader more;
  more.needed_bytes = std::min(std::max({reader.needed(), 2 * given, int64_t{1} << 20}), kMaxGgufHeader);
  if (file_size >= 0) more.needed_bytes = std::min(more.needed_bytes, file_size);
  return more;
}

Result<GgufHeader> JoinGgufHeaders(const std::vector<GgufHeader>& parts) {
  if (parts.empty()) return Bad("split.count", "no part", "every part of the model");
  std::vector<const GgufHeader*> ordered(parts.size(), nullptr);
  for (const GgufHeader& part : parts) {
    if (part.needed_bytes > 0) return Bad("header", "an unfinished part", "complete headers");
    if (part.split_count != static_cast<int64_t>(parts.size())) {
      return Bad("split.count", std::to_string(parts.size()) + " parts",
                 std::to_string(part.split_count) + " parts");
    }
    const auto index = static_cast<size_t>(part.split_no);
    if (index >= ordered.size() || ordered[index] != nullptr) {
      return Bad("split.no", "part " + std::to_string(part.split_no) + " twice", "each part once");
    }
    ordered[index] = &part;
  }
  GgufHeader whole = *ordered[0];
  for (size_t i = 1; i < ordered.size(); ++i) {
    whole.tensors.insert(whole.tensors.end(), ordered[i]->tensors.begin(), ordered[i]->tensors.end());
    whole.data += ordered[i]->data;
  }
  whole.split_count = 1;
  return whole;
}

Json ExactFormatOfGguf(const GgufHeader& header, const Architecture& architecture) {
  const std::string id = FormatOfGguf(header);
  const bool imatrix = header.metadata.Has("quantize.imatrix.file");
  Json object = Json::MakeObject();
  object.Set("id", id);
  if (imatrix) object.Set("imatrix", true);
  const Result<WeightFormat> format = ReadWeightFormat(object, "format");
  // A file has more tensors than layers; a hostile number of layers must not make a long walk.
  const int64_t layers = architecture.layers + architecture.mtp_layers;
  if (!format.ok() || layers > static_cast<int64_t>(header.tensors.size())) return Json(id);
  std::unordered_map<std::string_view, GgmlType> file;
  for (const GgufFileTensor& tensor : header.tensors) file.emplace(tensor.name, tensor.type);
  std::vector<std::vector<int32_t>> of_group(architecture.groups.size() + 1);
  for (size_t i = 0; i < architecture.layer_group.size(); ++i)
    of_group[architecture.layer_group[i]].push_back(static_cast<int32_t>(i));
  for (int64_t i = 0; i < architecture.mtp_layers; ++i)
    of_group.back().push_back(static_cast<int32_t>(architecture.layers + i));

  std::vector<BlockTypes> all;
  for (size_t i = 0; i < architecture.gguf.size(); ++i) {
    const GgufTensor& tensor = architecture.gguf[i];
    const std::string_view bare = BareName(tensor.name);
    auto known = std::find_if(all.begin(), all.end(), [bare](const BlockTypes& t) { return t.name == bare; });
    if (known == all.end()) known = all.insert(all.end(), BlockTypes{std::string(bare), {}, false});
    const std::vector<GgmlType> expected = GgufTensorTypes(architecture, *format, static_cast<int32_t>(i));
    const size_t group = tensor.mtp ? of_group.size() - 1 : static_cast<size_t>(std::max(tensor.group, 0));
    const bool outside = !tensor.mtp && tensor.group < 0;
    for (size_t l = 0; l < expected.size(); ++l) {
      const int32_t block = outside ? 0 : of_group[group][l];
      std::string name = tensor.name;
      if (!outside) name.replace(name.find("{}"), 2, std::to_string(block));
      const auto found = file.find(name);
      const GgmlType type = found == file.end() ? expected[l] : found->second;
      known->blocks.push_back({block, type});
      known->differ = known->differ || type != expected[l];
    }
  }
  Json types = Json::MakeObject();
  for (BlockTypes& tensor : all) {
    if (tensor.differ) types.Set(tensor.name, RunsOf(&tensor));
  }
  if (types.members().empty()) return imatrix ? object : Json(id);
  object.Set("tensor_types", std::move(types));
  return object;
}

std::string FormatOfGguf(const GgufHeader& header) {
  const Json* type = header.metadata.Find("general.file_type");
  const int64_t id = type == nullptr ? -1 : type->AsInt().value_or(-1);
  for (int i = 0; i < kGgufFileTypes; ++i) {
    const GgufFileTypeInfo& info = Info(static_cast<GgufFileType>(i));
    if (info.llama_ftype == id) return "gguf-" + std::string(info.id);
  }
  int64_t bytes[kGgmlTypes] = {};
  for (const GgufFileTensor& tensor : header.tensors)
    bytes[static_cast<int>(tensor.type)] += tensor.bytes.count();
  const auto most = static_cast<int>(std::max_element(bytes, bytes + kGgmlTypes) - bytes);
  for (int i = 0; i < kGgufFileTypes; ++i) {
    const GgufFileTypeInfo& info = Info(static_cast<GgufFileType>(i));
    if (static_cast<int>(info.default_type) == most) return "gguf-" + std::string(info.id);
  }
  return "gguf-f16";
}

std::vector<InventoryRow> ListFileTensors(const GgufHeader& header) {
  RowCollector rows;
  for (const GgufFileTensor& tensor : header.tensors) {
    const int64_t outer = SaturatingMultiply(tensor.ne[1], SaturatingMultiply(tensor.ne[2], tensor.ne[3]));
    rows.Add(tensor.name, Info(tensor.type).name, outer, tensor.ne[0], tensor.bytes);
  }
  return rows.Take();
}

}  // namespace plimsoll
