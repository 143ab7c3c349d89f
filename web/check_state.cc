#include "web/check_state.h"

namespace plimsoll {
namespace {

constexpr std::string_view kKind = "check";
constexpr JsonLimits kLimits = {int64_t{64} << 20, 128, 4000000};

}  // namespace

void CheckState::Take(std::string_view pasted) {
  text = pasted;
  note.clear();
  elsewhere_ = false;
}

void CheckState::TakeBeginning(std::string_view beginning, std::string_view said) {
  text = asked_ = beginning;
  note = said;
  elsewhere_ = working_ = true;
  answer_.reset();
  problem_.clear();
}

void CheckState::Clear() {
  text.clear();
  note.clear();
}

void CheckState::Follow(Errands* errands) {
  if (text != asked_) {
    asked_ = text;
    elsewhere_ = false;
    note.clear();
    const bool blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
    if (blank) {
      errands->GiveUp(kKind);
      working_ = false;
      answer_.reset();
      problem_.clear();
    } else {
      working_ = true;
      errands->Ask(kKind, Json::MakeObject().Set("text", text).Dump());
    }
  }
  if (elsewhere_) return;
  if (const auto answer = errands->TakeAnswer(kKind)) TakeAnswer(*answer);
}

void CheckState::TakeAnswer(std::string_view json) {
  working_ = false;
  answer_.reset();
  problem_.clear();
  const Result<Json> read = Json::Parse(json, kKind, kLimits);
  const Json* error = read.ok() ? read->Find("error") : nullptr;
  if (!read.ok()) {
    problem_ = read.error().Message();
  } else if (error != nullptr) {
    problem_ = error->AsString();
  } else {
    answer_ = ReadCheckAnswer(*read);
  }
}

}  // namespace plimsoll
