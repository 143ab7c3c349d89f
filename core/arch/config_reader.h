// Checked reading of a Hugging Face config: every number has a range, and the first key that breaks it is
// kept as the error. After an error the reader goes on with harmless values, so that a caller checks once at
// the end.
#ifndef PLIMSOLL_CORE_ARCH_CONFIG_READER_H_
#define PLIMSOLL_CORE_ARCH_CONFIG_READER_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"

namespace plimsoll {

// Ranges that no real model exceeds; products of two stay far below 2^63.
inline constexpr int64_t kMaxLayers = 10000;
inline constexpr int64_t kMaxWidth = int64_t{1} << 20;     // hidden size, low ranks, state sizes
inline constexpr int64_t kMaxHeads = int64_t{1} << 16;     // heads, experts, groups
inline constexpr int64_t kMaxHeadDim = int64_t{1} << 16;   // also kernels and patch sizes
inline constexpr int64_t kMaxMlpWidth = int64_t{1} << 24;  // intermediate sizes
inline constexpr int64_t kMaxVocab = int64_t{1} << 26;
inline constexpr int64_t kMaxPositions = int64_t{1} << 32;  // positions and windows

class ConfigReader {
 public:
  using Keys = std::initializer_list<std::string_view>;

  // `error` collects the first failure of all readers that share it, `read` the values that any of them
  // looked at. REQUIRES: all outlive the reader.
  ConfigReader(const Json* object, std::string where, std::optional<Error>* error,
               std::vector<const Json*>* read = nullptr)
      : object_(object), where_(std::move(where)), error_(error), read_(read) {}

  const Json* json() const { return object_; }
  const std::string& where() const { return where_; }
  bool failed() const { return error_->has_value(); }

  // The value of a key that is present and not null; nullptr otherwise. Whoever asks is taken to know what
  // the key means (structural_keys.h).
  const Json* Find(std::string_view key) const;
  bool Has(std::string_view key) const { return Find(key) != nullptr; }

  // A whole number within [least, most]; `fallback` when the key is missing or null.
  int64_t Int(std::string_view key, int64_t fallback, int64_t least, int64_t most);
  // The first of several spellings that is present.
  int64_t Int(Keys keys, int64_t fallback, int64_t least, int64_t most);
  // As Int, but missing is an error.
  int64_t Required(std::string_view key, int64_t least, int64_t most);
  int64_t Required(Keys keys, int64_t least, int64_t most);
  bool Bool(std::string_view key, bool fallback);
  double Number(std::string_view key, double fallback, double least, double most);
  std::string_view Text(std::string_view key, std::string_view fallback);

  // An object of its own path; empty reader (no keys) when missing.
  ConfigReader Object(std::string_view key);

  // An array of exactly `length` whole numbers (bools count as 0 and 1), each within [least, most]. Empty
  // when missing. A single number stands for all.
  std::vector<int64_t> Ints(std::string_view key, int64_t length, int64_t least, int64_t most);
  // An array of exactly `length` strings; views into the config. Empty when missing.
  std::vector<std::string_view> Texts(std::string_view key, int64_t length);

  // Keys that mean nothing to this family: transformers and vLLM do not look at them either.
  void Inert(Keys keys);

  void Fail(std::string_view key, std::string given, std::string accepted);
  // Fails with the key's value as given.
  void Refuse(std::string_view key, std::string accepted);

 private:
  std::string Path(std::string_view key) const;
  std::optional<int64_t> Checked(std::string_view key, const Json& value, int64_t least, int64_t most);

  const Json* object_;
  std::string where_;
  std::optional<Error>* error_;
  std::vector<const Json*>* read_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_CONFIG_READER_H_
