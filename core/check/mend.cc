#include "core/check/mend.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/engines/option_writer.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"

namespace plimsoll {
namespace {

struct Edit {
  size_t begin = 0, end = 0;
  std::string text;
};

std::vector<WrittenOption> OptionsOf(const Config& config, const Catalog& catalog) {
  const Result<Resolved> resolved = Settle(config, catalog);
  if (!resolved.ok()) return {};
  const EngineLanguage* language = EngineOf(*resolved).language();
  if (language == nullptr || language->programs.empty()) return {};
  return WriteOptions(*language->programs.front().table, {config, *resolved, catalog, "", ""});
}

const WrittenOption* Find(const std::vector<WrittenOption>& options, const WrittenOption& like) {
  for (const WrittenOption& option : options) {
    if (FirstName(option.option->names) == FirstName(like.option->names)) return &option;
  }
  return nullptr;
}

// By the option itself, or by what it sets where the program calls that otherwise; the last one wins, as for the
// engine.
const OptionPlace* PlaceOf(const CheckResult& result, const WrittenOption& option) {
  const OptionPlace* found = nullptr;
  for (const OptionPlace& place : result.places) {
    if (place.option == FirstName(option.option->names)) found = &place;
  }
  if (found != nullptr || option.key.empty()) return found;
  for (const OptionPlace& place : result.places) {
    if (place.key == option.key) found = &place;
  }
  return found;
}

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
}
std::string Joined(const std::vector<WrittenOption>& options, std::string (*one)(const WrittenOption&)) {
  std::string text;
  for (const WrittenOption& option : options) text += one(option);
  return text;
}

std::string AsMember(const WrittenOption& option) {
  const std::string value = option.value.empty()     ? "true"
                            : IsNumber(option.value) ? option.value
                                                     : Json(option.value).Dump();
  return Json(option.name).Dump() + ": " + value;
}
std::string AsKeyword(const WrittenOption& option) {
  std::string name = option.name.starts_with("--") ? option.name.substr(2) : option.name;
  std::replace(name.begin(), name.end(), '-', '_');
  const std::string value = option.value.empty()     ? "True"
                            : IsNumber(option.value) ? option.value
                                                     : Json(option.value).Dump();
  return ", " + name + "=" + value;
}

// What goes on a text at its end, for options that it has not; nothing: it has no room for one of them.
class Addition {
 public:
  Addition(std::string_view text, const CheckResult& result)
      : text_(text), result_(result), at_(result.insert_at) {
    const size_t line = text.rfind('\n', at_ == 0 ? 0 : at_ - 1);
    const size_t begin = line == std::string_view::npos ? 0 : line + 1;
    const size_t first = std::min(text.find_first_not_of(" \t", begin), text.size());
    indent_ = std::string(text.substr(begin, first - begin));
    here_ = first < at_ ? text.substr(first, at_ - first) : std::string_view();
    quoted_ = at_ < text.size() && (text[at_] == '"' || text[at_] == '\'');
    const size_t behind = std::min(text.find_first_not_of(" \t\n\"'", at_), text.size());
    behind_ = behind < text.size() ? text[behind] : '\0';
  }

  std::optional<std::string> For(const std::vector<WrittenOption>& options) const {
    if (at_ == 0) return std::nullopt;
    const bool plain = std::all_of(options.begin(), options.end(),
                                   [](const WrittenOption& option) { return option.name.starts_with("-"); });
    const bool variables = std::any_of(options.begin(), options.end(), [](const WrittenOption& option) {
      return option.name[0] >= 'A' && option.name[0] <= 'Z';
    });
    const std::string quote = quoted_ ? std::string(1, text_[at_]) : std::string();
    if (behind_ == '}' && !plain) return variables ? std::nullopt : Maybe(AsMembers(options, quote));
    if (behind_ == ')') {
      if (variables) return std::nullopt;
      if (!result_.insert_within.empty()) {
        return quote + ", " + std::string(result_.insert_within) + "={" + Members(options) + "}";
      }
      return quote + Joined(options, AsKeyword);
    }
    if (!plain) return variables ? std::nullopt : Typed(options);
    std::string text;
    for (const WrittenOption& option : options) text += AsWords(option, text.empty());
    return text;
  }

 private:
  static std::optional<std::string> Maybe(std::string text) { return text; }

  static std::string Members(const std::vector<WrittenOption>& options) {
    std::string text;
    for (const WrittenOption& option : options) text += (text.empty() ? "" : ", ") + AsMember(option);
    return text;
  }
  std::string AsMembers(const std::vector<WrittenOption>& options, const std::string& quote) const {
    if (result_.insert_within.empty()) return quote + ", " + Members(options);
    return quote + ", \"" + std::string(result_.insert_within) + "\": {" + Members(options) + "}";
  }

  // In the engine's own file, or typed into its running program.
  std::optional<std::string> Typed(const std::vector<WrittenOption>& options) const {
    const bool file = result_.what.ends_with("Modelfile");
    if (!file && result_.what.find(" in a ") != std::string::npos) return std::nullopt;
    std::string text;
    for (const WrittenOption& option : options) {
      text += "\n" + indent_ + (file ? "PARAMETER " : "/set parameter ") + option.name + " " + option.value;
    }
    return text;
  }

  std::string AsWords(const WrittenOption& option, bool first) const {
    const bool quoted = quoted_ && first;
    if (behind_ == ']') {
      return (quoted ? "\", \"" : ", \"") + option.name +
             (option.value.empty() ? "" : "\", \"" + option.value) + (quoted_ && first ? "" : "\"");
    }
    if (here_.starts_with("- ")) {
      std::string added = (quoted ? std::string(1, text_[at_]) : "") + "\n" + indent_ + "- \"" + option.name;
      if (!option.value.empty()) added += "\"\n" + indent_ + "- \"" + option.value;
      return added + (quoted_ && first ? "" : "\"");
    }
    return Break() + option.name + (option.value.empty() ? "" : " " + option.value);
  }

  // Over lines where the text is: "\" of Unix shells, "`" of PowerShell, "^" of cmd.exe.
  std::string Break() const {
    const std::string_view before = text_.substr(0, at_);
    for (const std::string_view end : {"\\\n", "`\n", "^\n"}) {
      if (before.find(end) != std::string_view::npos) return " " + std::string(end) + "  ";
    }
    return " ";
  }

  std::string_view text_, here_;
  const CheckResult& result_;
  std::string indent_;
  size_t at_;
  bool quoted_ = false;
  char behind_ = '\0';
};

void MendOptions(std::string_view text, const CheckResult& result, std::vector<Edit>* edits) {
  for (const CheckProblem& problem : result.problems) {
    if (problem.code != "option_removed" && problem.code != "option_too_new" &&
        problem.code != "value_missing")
      continue;
    for (const OptionPlace& place : result.places) {
      if (!text.substr(place.begin).starts_with(problem.option) || problem.option.empty()) continue;
      if (problem.code == "value_missing") {
        edits->push_back({place.end, place.end, " on"});
      } else if (problem.severity == Severity::kError) {
        edits->push_back({place.begin, place.end, ""});
      }
      break;
    }
  }
}

// What the engine wants beside what is there; the fix names it.
void MendMissing(std::string_view text, const Catalog& catalog, const CheckResult& result,
                 std::vector<Edit>* edits) {
  for (const CheckProblem& problem : result.problems) {
    if (problem.code != "option_missing") continue;
    std::vector<WrittenOption> missing;
    for (WrittenOption& option : OptionsOf(result.config, catalog)) {
      const bool named = problem.fix.find(option.name) != std::string::npos;
      if (named && PlaceOf(result, option) == nullptr) missing.push_back(std::move(option));
    }
    if (missing.empty()) continue;
    if (std::optional<std::string> added = Addition(text, result).For(missing))
      edits->push_back({result.insert_at, result.insert_at, *std::move(added)});
  }
}

void MendFit(std::string_view text, const Catalog& catalog, const CheckResult& result,
             std::vector<Edit>* edits) {
  if (!result.failure || result.failure->fixes.empty()) return;
  const std::vector<WrittenOption> before = OptionsOf(result.config, catalog);
  // The first change that options alone can make.
  for (const CheckFix& fix : result.failure->fixes) {
    if (fix.set.Has("gpu") || fix.set.Has("gpus") || fix.set.Has("format") || fix.set.Has("engine")) continue;
    const std::vector<WrittenOption> after = OptionsOf(fix.config, catalog);
    std::vector<Edit> made;
    std::vector<WrittenOption> missing;
    bool expressed = true;
    for (const WrittenOption& option : after) {
      const WrittenOption* old = Find(before, option);
      if (old != nullptr && old->name == option.name && old->value == option.value) continue;
      const OptionPlace* place = PlaceOf(result, option);
      if (place != nullptr && place->value_begin < place->end && !option.is_flag) {
        const bool own = place->option == FirstName(option.option->names);
        // Another program's option takes numbers as they are; its words may be others.
        expressed = expressed && (own || IsNumber(option.value));
        const char quote = text[place->value_begin];
        const bool quoted = (quote == '"' || quote == '\'') && option.value.find(quote) == std::string::npos;
        const std::string mark = quoted ? std::string(1, quote) : "";
        made.push_back({place->value_begin, place->end, mark + option.value + mark});
      } else if (place == nullptr) {
        missing.push_back(option);
      } else {
        expressed = false;  // it stands there in a spelling that has no place in the text
      }
    }
    if (!missing.empty()) {
      std::optional<std::string> added = Addition(text, result).For(missing);
      if (!added) continue;
      made.push_back({result.insert_at, result.insert_at, *std::move(added)});
    }
    if (!expressed) continue;
    for (const WrittenOption& option : before) {
      const OptionPlace* place = PlaceOf(result, option);
      if (Find(after, option) == nullptr && place != nullptr &&
          place->option == FirstName(option.option->names))
        made.push_back({place->begin, place->end, ""});
    }
    if (made.empty()) continue;
    edits->insert(edits->end(), made.begin(), made.end());
    return;
  }
}

}  // namespace

void Mend(std::string_view text, const Catalog& catalog, CheckResult* result) {
  if (result->places.empty() && result->insert_at == 0) return;
  std::vector<Edit> edits;
  MendOptions(text, *result, &edits);
  MendMissing(text, catalog, *result, &edits);
  MendFit(text, catalog, *result, &edits);
  if (edits.empty()) return;
  std::stable_sort(edits.begin(), edits.end(),
                   [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
  MendedText mended;
  size_t at = 0;
  for (const Edit& edit : edits) {
    // Two changes of one place: the first stands.
    if (edit.begin < at || edit.end > text.size() || edit.end < edit.begin) continue;
    mended.text.append(text.substr(at, edit.begin - at));
    const size_t begin = mended.text.size();
    mended.text += edit.text;
    mended.marks.push_back({begin, mended.text.size()});
    at = edit.end;
  }
  mended.text.append(text.substr(std::min(at, text.size())));
  result->mended = std::move(mended);
}

}  // namespace plimsoll
