#include "core/check/mend.h"

#include <algorithm>
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

const OptionPlace* PlaceOf(const CheckResult& result, std::string_view option) {
  const OptionPlace* found = nullptr;
  for (const OptionPlace& place : result.places) {
    if (place.option == option) found = &place;  // the last one wins, as for the engine
  }
  return found;
}

// How the text continues a list of options at its end.
std::string Addition(std::string_view text, size_t at, const WrittenOption& option) {
  const size_t line = text.rfind('\n', at == 0 ? 0 : at - 1);
  const size_t begin = line == std::string_view::npos ? 0 : line + 1;
  const size_t first = std::min(text.find_first_not_of(" \t", begin), text.size());
  const std::string indent(text.substr(begin, first - begin));
  const std::string_view here = text.substr(first, at - first);
  const bool quoted = at < text.size() && (text[at] == '"' || text[at] == '\'');
  const size_t behind = std::min(text.find_first_not_of(" \t\n\"'", at), text.size());
  if (!option.name.starts_with("-")) return "\n" + indent + "PARAMETER " + option.name + " " + option.value;
  if (behind < text.size() && text[behind] == ']') {
    return (quoted ? "\", \"" : ", \"") + option.name +
           (option.value.empty() ? "" : "\", \"" + option.value) + (quoted ? "" : "\"");
  }
  if (here.starts_with("- ")) {
    std::string added = (quoted ? std::string(1, text[at]) : "") + "\n" + indent + "- \"" + option.name;
    if (!option.value.empty()) added += "\"\n" + indent + "- \"" + option.value;
    return added + (quoted ? "" : "\"");
  }
  if (behind < text.size() && text[behind] == ')') {
    std::string name = option.name.substr(2);
    std::replace(name.begin(), name.end(), '-', '_');
    const bool number =
        !option.value.empty() && option.value.find_first_not_of("0123456789.") == std::string::npos;
    const std::string value = option.value.empty() ? "True"
                              : number             ? option.value
                                                   : Json(option.value).Dump();
    return (quoted ? std::string(1, text[at]) : "") + ", " + name + "=" + value;
  }
  const bool lines = text.substr(0, at).find("\\\n") != std::string_view::npos;
  return (lines ? " \\\n  " : " ") + option.name + (option.value.empty() ? "" : " " + option.value);
}

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

void MendFit(std::string_view text, const Catalog& catalog, const CheckResult& result,
             std::vector<Edit>* edits) {
  if (!result.failure || result.failure->fixes.empty()) return;
  const std::vector<WrittenOption> before = OptionsOf(result.config, catalog);
  // The first change that options alone can make.
  for (const CheckFix& fix : result.failure->fixes) {
    if (fix.set.Has("gpu") || fix.set.Has("gpus") || fix.set.Has("format") || fix.set.Has("engine")) continue;
    const std::vector<WrittenOption> after = OptionsOf(fix.config, catalog);
    std::vector<Edit> made;
    for (const WrittenOption& option : after) {
      const WrittenOption* old = Find(before, option);
      if (old != nullptr && old->name == option.name && old->value == option.value) continue;
      const OptionPlace* place = PlaceOf(result, FirstName(option.option->names));
      if (place != nullptr && place->value_begin < place->end && !option.is_flag) {
        const char quote = text[place->value_begin];
        const bool quoted = (quote == '"' || quote == '\'') && option.value.find(quote) == std::string::npos;
        const std::string mark = quoted ? std::string(1, quote) : "";
        made.push_back({place->value_begin, place->end, mark + option.value + mark});
      } else if (place == nullptr && result.insert_at > 0) {
        made.push_back({result.insert_at, result.insert_at, Addition(text, result.insert_at, option)});
      }
    }
    for (const WrittenOption& option : before) {
      const OptionPlace* place = PlaceOf(result, FirstName(option.option->names));
      if (Find(after, option) == nullptr && place != nullptr) made.push_back({place->begin, place->end, ""});
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
