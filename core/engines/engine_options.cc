#include "core/engines/engine_options.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/config/version_text.h"

namespace plimsoll {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// Calls `see` with every option of a table until it returns true.
template <typename See>
bool Visit(const OptionTable& table, See see) {
  for (const EngineOption& option : table.options) {
    if (see(option)) return true;
  }
  const std::pair<std::string_view, OptionEffect> texts[] = {
      {table.free, OptionEffect::kFree}, {table.not_modelled, OptionEffect::kNotModelled}};
  for (const auto& [text, effect] : texts) {
    size_t at = 0;
    while (std::optional<EngineOption> option = NextOption(text, effect, &at)) {
      if (see(*option)) return true;
    }
  }
  return false;
}

template <typename See>
void VisitNames(std::string_view names, See see) {
  while (!names.empty()) {
    const size_t end = names.find_first_of(" ,");
    const std::string_view name = names.substr(0, end);
    if (!name.empty()) see(name);
    names = end == std::string_view::npos ? std::string_view() : names.substr(end + 1);
  }
}

bool IsVariable(std::string_view name) { return !name.empty() && name[0] >= 'A' && name[0] <= 'Z'; }

// "--max_model_len" as "--max-model-len"; only the part before a dot, and only of long names.
std::string Dashed(std::string_view name) {
  std::string dashed(name);
  if (!name.starts_with("--")) return dashed;
  for (char& c : dashed) {
    if (c == '.') break;
    if (c == '_') c = '-';
  }
  return dashed;
}

struct NameMatch {
  bool found = false, negated = false;
};

// Whether `word` is one of the option's names, or a beginning of one.
NameMatch MatchName(const EngineOption& option, const OptionSyntax& syntax, std::string_view word,
                    bool as_prefix) {
  NameMatch match;
  const auto fits = [&](std::string_view name) {
    if (IsVariable(name)) return !as_prefix && name == word;  // "FROM" of a file
    return as_prefix ? name.starts_with(word) && word.size() > 3 && name.starts_with("--") : name == word;
  };
  VisitNames(option.names, [&](std::string_view name) {
    if (syntax.underscores ? fits(Dashed(name)) : fits(name)) match.found = true;
    if (!syntax.negates || option.value != OptionValue::kNone || !name.starts_with("--")) return;
    const std::string negated = "--no-" + std::string(name.substr(2));
    if (fits(negated)) match = {true, true};
  });
  VisitNames(option.negated, [&](std::string_view name) {
    if (fits(name)) match = {true, true};
  });
  return match;
}

}  // namespace

bool HasName(std::string_view names, std::string_view name) {
  bool found = false;
  VisitNames(names, [&](std::string_view one) { found = found || one == name; });
  return found;
}

std::string_view FirstName(std::string_view names) { return names.substr(0, names.find_first_of(" ,")); }

std::optional<EngineOption> NextOption(std::string_view text, OptionEffect effect, size_t* at) {
  const size_t begin = text.find_first_not_of(kSpace, *at);
  if (begin == std::string_view::npos) return std::nullopt;
  const size_t end = std::min(text.find_first_of(kSpace, begin), text.size());
  *at = end;
  std::string_view entry = text.substr(begin, end - begin);
  EngineOption option;
  option.effect = effect;
  option.value = OptionValue::kNone;
  if (const size_t instead = entry.find('>'); instead != std::string_view::npos) {
    option.instead = entry.substr(instead + 1);
    entry = entry.substr(0, instead);
  }
  if (const size_t mark = entry.find('@'); mark != std::string_view::npos) {
    const std::string_view span = entry.substr(mark + 1);
    const size_t dash = span.find('-');
    option.since = span.substr(0, dash);
    if (dash != std::string_view::npos) option.until = span.substr(dash + 1);
    option.until_excluded = option.until.starts_with('<');
    if (option.until_excluded) option.until.remove_prefix(1);
    entry = entry.substr(0, mark);
  }
  if (!entry.empty()) {
    const char last = entry.back();
    if (last == '=') option.value = OptionValue::kOne;
    if (last == '*') option.value = OptionValue::kMany;
    if (last == '?') option.value = OptionValue::kOptional;
    if (option.value != OptionValue::kNone) entry.remove_suffix(1);
  }
  option.names = entry;
  VisitNames(entry, [&](std::string_view name) {
    if (IsVariable(name)) option.variables = name;
  });
  return option;
}

std::optional<FoundOption> FindOption(const OptionTable& table, const OptionSyntax& syntax,
                                      std::string_view word) {
  if (word.size() < 2 || word.size() > 200) return std::nullopt;
  FoundOption found;
  std::string_view name = word;
  const size_t equals = word.find('=');
  if (syntax.equals && equals != std::string_view::npos) {
    name = word.substr(0, equals);
    found.use.value = word.substr(equals + 1);
    found.has_value = true;
  }
  const size_t dot = name.find('.');
  std::string_view path;
  if (syntax.dotted && dot != std::string_view::npos) {
    path = name.substr(dot + 1);
    name = name.substr(0, dot);
  }
  const std::string dashed = syntax.underscores ? Dashed(name) : std::string(name);
  for (const bool as_prefix : {false, true}) {
    if (as_prefix && !syntax.prefixes) break;
    int hits = 0;
    Visit(table, [&](const EngineOption& option) {
      const NameMatch match = MatchName(option, syntax, dashed, as_prefix);
      if (!match.found) return false;
      if (hits++ == 0 || !as_prefix) {
        found.option = option;
        found.use.negated = match.negated;
      }
      return !as_prefix;
    });
    if (hits == 1 || (hits > 0 && !as_prefix)) {
      found.use.path = path;
      return found;
    }
  }
  // -O3: one letter, and its value without a space.
  if (syntax.bundles && name.size() > 2 && name[0] == '-' && name[1] != '-') {
    bool hit = false;
    Visit(table, [&](const EngineOption& option) {
      hit = MatchName(option, syntax, name.substr(0, 2), false).found;
      if (hit) found.option = option;
      return hit;
    });
    if (hit && found.option.value == OptionValue::kOne) {
      found.use.value = word.substr(2);
      found.has_value = true;
      return found;
    }
  }
  return std::nullopt;
}

std::optional<EngineOption> FindVariable(const OptionTable& table, std::string_view name) {
  std::optional<EngineOption> found;
  Visit(table, [&](const EngineOption& option) {
    const bool hit = HasName(option.variables, name) || (IsVariable(name) && HasName(option.names, name));
    if (hit) found = option;
    return hit;
  });
  return found;
}

std::string NearestOption(const OptionTable& table, std::string_view word) {
  const std::string name = Dashed(word.substr(0, word.find_first_of("=.")));
  std::string nearest;
  int least = static_cast<int>(name.size()) / 3 + 1;
  Visit(table, [&](const EngineOption& option) {
    VisitNames(option.names, [&](std::string_view candidate) {
      if (IsVariable(candidate) || candidate.size() < 4) return;
      const int distance = EditDistance(name, candidate);
      if (distance >= least) return;
      least = distance;
      nearest = std::string(candidate);
    });
    return false;
  });
  return nearest;
}

int CompareReleases(std::string_view a, std::string_view b) {
  size_t i = 0, j = 0;
  for (int part = 0; part < 6; ++part) {
    while (i < a.size() && !IsDigit(a[i])) ++i;
    while (j < b.size() && !IsDigit(b[j])) ++j;
    int64_t x = 0, y = 0;
    const bool more_a = ReadDigits(a, &i, &x), more_b = ReadDigits(b, &j, &y);
    if (!more_a && !more_b) return 0;
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}

OptionAge AgeAt(const EngineOption& option, const EngineVersion& version) {
  // A build told by its date alone has no number to compare.
  if (version.number == 0 && version.date != 0) return OptionAge::kKnown;
  if (version.text.empty()) return OptionAge::kKnown;
  if (!option.since.empty() && CompareReleases(version.text, option.since) < 0) return OptionAge::kNotYet;
  if (option.until.empty()) return OptionAge::kKnown;
  const int past = CompareReleases(version.text, option.until);
  return past > 0 || (past == 0 && option.until_excluded) ? OptionAge::kGone : OptionAge::kKnown;
}

EngineOption RowAt(const OptionTable& table, const EngineOption& option, const EngineVersion& version) {
  if (AgeAt(option, version) == OptionAge::kKnown) return option;
  for (const EngineOption& row : table.options) {
    const bool same = !option.names.empty() && FirstName(row.names) == FirstName(option.names);
    if (same && AgeAt(row, version) == OptionAge::kKnown) return row;
  }
  return option;
}

}  // namespace plimsoll
