#include "core/engines/option_parser.h"

#include <optional>

#include "core/base/text.h"

namespace plimsoll {
namespace {

bool IsNumber(std::string_view word) {
  return word.size() > 1 && ((word[1] >= '0' && word[1] <= '9') || word[1] == '.');
}

// Whether a word looks like an option: "-" alone and negative numbers do not.
bool LooksLikeOption(std::string_view word) {
  return word.size() > 1 && word[0] == '-' && !IsNumber(word) &&
         word.find_first_of(" \t\n{") == std::string_view::npos;
}

bool IsSwitchWord(std::string_view word) {
  for (const std::string_view one : {"on", "off", "auto", "true", "false", "1", "0", "enabled", "disabled"}) {
    if (Lower(word) == one) return true;
  }
  return false;
}
bool IsTruthWord(std::string_view word) {
  const std::string lower = Lower(word);
  return lower == "true" || lower == "false";
}

std::optional<FoundOption> Find(const OptionTable& table, const OptionTable* also, const OptionSyntax& syntax,
                                std::string_view word) {
  // A whole name of either table goes before a beginning of one.
  OptionSyntax whole = syntax;
  whole.prefixes = false;
  if (std::optional<FoundOption> found = FindOption(table, whole, word)) return found;
  if (also != nullptr) {
    if (std::optional<FoundOption> found = FindOption(*also, whole, word)) return found;
  }
  if (!syntax.prefixes) return std::nullopt;
  if (std::optional<FoundOption> found = FindOption(table, syntax, word)) return found;
  return also != nullptr ? FindOption(*also, syntax, word) : std::nullopt;
}

class Parser {
 public:
  Parser(const OptionTable& table, const OptionTable* also, const OptionSyntax& syntax,
         const std::vector<ArgumentWord>& words)
      : table_(table), also_(also), syntax_(syntax), words_(words) {}

  ParsedArguments Parse() {
    while (at_ < words_.size() && at_ < kMostArguments) {
      const std::string& word = words_[at_].text;
      if (word == "--" || word.empty()) {
        ++at_;
      } else if (!LooksLikeOption(word)) {
        parsed_.positional.push_back(at_++);
      } else if (std::optional<FoundOption> found = Find(table_, also_, syntax_, word)) {
        Take(*found);
      } else {
        TakeUnknown();
      }
    }
    return std::move(parsed_);
  }

 private:
  bool Next(size_t ahead = 0) const { return at_ + ahead < words_.size() && at_ + ahead < kMostArguments; }
  const std::string& Word(size_t ahead = 0) const { return words_[at_ + ahead].text; }

  void Take(const FoundOption& found) {
    ParsedOption option;
    option.option = found.option;
    option.first = at_;
    option.path = std::string(found.use.path);
    option.negated = found.use.negated;
    option.value = std::string(found.use.value);
    option.has_value = found.has_value;
    const std::string& word = words_[at_].text;
    option.name = word.substr(0, word.size() - (found.has_value ? found.use.value.size() : 0));
    if (option.name.ends_with("=")) option.name.pop_back();
    ++at_;
    TakeValue(&option);
    option.count = at_ - option.first;
    parsed_.options.push_back(std::move(option));
  }

  void TakeValue(ParsedOption* option) {
    if (option->has_value) return;
    if (Next() && Word() == "=" && Next(1)) ++at_;  // "--flag = value"
    const OptionValue kind = option->path.empty() ? option->option.value : OptionValue::kOne;
    if (kind == OptionValue::kNone || kind == OptionValue::kOptional) {
      const bool takes = Next() && (kind == OptionValue::kNone ? IsTruthWord(Word()) : IsSwitchWord(Word()));
      if (takes) AddWord(option);
      return;
    }
    if (!Next() || LooksLikeOption(Word())) {
      option->lacks_value = kind == OptionValue::kOne;
      return;
    }
    AddWord(option);
    while (kind == OptionValue::kMany && Next() && !LooksLikeOption(Word())) AddWord(option);
  }

  void AddWord(ParsedOption* option) {
    if (option->has_value) option->value += ' ';
    option->value += words_[at_++].text;
    option->has_value = true;
  }

  // With the word behind it, which is most probably its value.
  void TakeUnknown() {
    UnknownWords unknown{at_, 1};
    const bool closed = Word().find('=') != std::string::npos;
    ++at_;
    if (!closed && Next() && !LooksLikeOption(Word())) {
      ++unknown.count;
      ++at_;
    }
    parsed_.unknown.push_back(unknown);
  }

  const OptionTable& table_;
  const OptionTable* also_;
  const OptionSyntax& syntax_;
  const std::vector<ArgumentWord>& words_;
  size_t at_ = 0;
  ParsedArguments parsed_;
};

}  // namespace

ParsedArguments ParseArguments(const OptionTable& table, const OptionTable* also, const OptionSyntax& syntax,
                               const std::vector<ArgumentWord>& words) {
  return Parser(table, also, syntax, words).Parse();
}

bool IsSecret(std::string_view name) {
  std::string lower = Lower(name);
  for (char& c : lower) {
    if (c == '-') c = '_';
  }
  for (const std::string_view end : {"token", "api_key", "password", "secret", "apikey", "credentials"}) {
    if (lower.ends_with(end)) return true;
  }
  return false;
}

}  // namespace plimsoll
