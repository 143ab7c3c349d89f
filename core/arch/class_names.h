// What a name in "architectures" means: a family of ours, under its own name, another one of the same
// decoder, or the decoder with another head; and which class a bare "model_type" stands for.
#ifndef PLIMSOLL_CORE_ARCH_CLASS_NAMES_H_
#define PLIMSOLL_CORE_ARCH_CLASS_NAMES_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/arch/family.h"

namespace plimsoll {

enum class HeadKind : uint8_t {
  kLanguage,    // lm_head, as the family has it
  kNone,        // "…Model"
  kClassifier,  // "…ForSequenceClassification" and the like: one row per label instead
};

struct KnownClass {
  const Family* family = nullptr;  // nullptr: not known
  HeadKind head = HeadKind::kLanguage;
};

KnownClass FindClass(std::string_view name);

// The class that transformers' auto classes take for a model_type; empty: not known.
std::string_view ClassOfModelType(std::string_view model_type);

// Known names that are spelt much like this one, the nearest first.
std::vector<std::string> NearestClasses(std::string_view name);
std::vector<std::string> NearestModelTypes(std::string_view model_type);

// Every name that FindClass knows without looking at its ending.
std::vector<std::string_view> ClassNames();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_CLASS_NAMES_H_
