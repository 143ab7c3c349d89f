#include "core/check/shell_words.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/check/shell_dialect.h"

namespace plimsoll {
namespace {

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNameChar(char c) { return IsNameStart(c) || (c >= '0' && c <= '9'); }

// NAME=value at the beginning of a word; the length of NAME, or 0.
size_t AssignmentName(std::string_view word) {
  if (word.empty() || !IsNameStart(word[0])) return 0;
  size_t at = 1;
  while (at < word.size() && IsNameChar(word[at])) ++at;
  return at < word.size() && word[at] == '=' ? at : 0;
}

// What word processors make of quotes and dashes.
struct Typography {
  std::string_view bytes;
  char ascii;
};
constexpr Typography kTypography[] = {
    {"\xe2\x80\x9c", '"'},  {"\xe2\x80\x9d", '"'},  {"\xe2\x80\x98", '\''}, {"\xe2\x80\x99", '\''},
    {"\xe2\x80\x93", '-'},  {"\xe2\x80\x94", '-'},  {"\xe2\x88\x92", '-'},  {"\xc2\xa0", ' '},
    {"\xe2\x80\x8b", '\0'}, {"\xef\xbb\xbf", '\0'},
};

class Splitter {
 public:
  Splitter(std::string_view text, size_t offset, const std::vector<Variable>& known)
      : text_(text), offset_(offset), known_(known), dialect_(DialectOf(text)) {}

  std::string Fill() {
    std::string filled;
    while (at_ < text_.size()) {
      if (text_[at_] == '$' && (At('{', 1) || (at_ + 1 < text_.size() && IsNameStart(text_[at_ + 1])))) {
        TakeVariable(&filled);
      } else {
        filled += text_[at_++];
      }
    }
    return filled;
  }

  ShellScript Split() {
    StartLine();
    while (at_ < text_.size() && words_ < kMostShellWords) Step();
    EndCommand();
    return std::move(script_);
  }

 private:
  // The character at *at, and its bytes.
  char CharAt(size_t at, size_t* length) const {
    for (const Typography& row : kTypography) {
      if (text_.substr(at, row.bytes.size()) == row.bytes) {
        *length = row.bytes.size();
        return row.ascii;
      }
    }
    *length = 1;
    return text_[at];
  }
  bool At(char c, size_t ahead = 0) const { return at_ + ahead < text_.size() && text_[at_ + ahead] == c; }

  // The end of a continuation that begins at `at`: behind the line's end; npos: there is none.
  size_t Continuation(size_t at) const {
    const char c = text_[at];
    if (c != '\\' && c != '`' && c != '^') return std::string_view::npos;
    size_t next = at + 1;
    while (next < text_.size() && (text_[next] == ' ' || text_[next] == '\t' || text_[next] == '\r')) ++next;
    // "\ # a comment" is meant to go on, too.
    if (next > at + 1 && next < text_.size() && text_[next] == '#') {
      next = std::min(text_.find('\n', next), text_.size());
    }
    if (next < text_.size() && text_[next] == '\n') return next + 1;
    return c == '\\' && next == text_.size() ? next : std::string_view::npos;
  }

  void Step() {
    size_t length = 1;
    const char c = CharAt(at_, &length);
    const size_t continued = Continuation(at_);
    if (continued != std::string_view::npos) {
      at_ = continued;
      SkipPrompt();
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\0') {
      at_ += length;
    } else if (c == '\n') {
      EndLine();
    } else if (c == '#') {
      TakeComment();
    } else if (c == ';' || c == '&' || c == '|') {
      while (At(c)) ++at_;
      EndCommand();
    } else if (c == '>' || c == '<') {
      TakeRedirect();
    } else if (c == '(' || c == ')') {
      ++at_;
    } else if (!TakeAssignment() && !TakeArray() && !SpreadVariable()) {
      TakeWord();
    }
  }

  // NAME=(words …), NAME+=(more): words that stand elsewhere, to be spread where the name stands.
  bool TakeArray() {
    if (dialect_ != ShellDialect::kPosix || !command_.words.empty() || array_ != nullptr) return false;
    const size_t end = NameEnd(at_);
    if (end == at_ || !IsNameStart(text_[at_]) || end >= text_.size()) return false;
    const bool more = text_.substr(end, 3) == "+=(";
    if (!more && text_.substr(end, 2) != "=(") return false;
    Array* array = FindArray(text_.substr(at_, end - at_));
    if (array == nullptr) {
      arrays_.push_back({std::string(text_.substr(at_, end - at_)), {}});
      array = &arrays_.back();
    }
    if (!more) array->words.clear();
    at_ = end + (more ? 3 : 2);
    std::vector<ArgumentWord> words = std::move(array->words);
    array_ = &words;
    while (at_ < text_.size() && !At(')') && words_ < kMostShellWords) {
      const size_t before = at_;
      const size_t continued = Continuation(at_);
      if (continued != std::string_view::npos) {
        at_ = continued;
      } else if (At(' ') || At('\t') || At('\r') || At('\n') || At(';') || At('|') || At('&')) {
        ++at_;
      } else if (At('#')) {
        TakeComment();
      } else if (!SpreadVariable()) {
        TakeWord();
        if (at_ == before) ++at_;
      }
    }
    array_ = nullptr;
    if (At(')')) ++at_;
    array->words = std::move(words);
    return true;
  }

  struct Array {
    std::string name;
    std::vector<ArgumentWord> words;
  };
  Array* FindArray(std::string_view name) {
    for (Array& array : arrays_) {
      if (array.name == name) return &array;
    }
    return nullptr;
  }

  // "${NAME[@]}" as a whole word, or $NAME of options: the words of both stand there.
  bool SpreadVariable() {
    if (dialect_ != ShellDialect::kPosix) return false;
    const bool quoted = At('"');
    size_t at = at_ + (quoted ? 1 : 0);
    if (at >= text_.size() || text_[at] != '$') return false;
    const bool braced = at + 1 < text_.size() && text_[at + 1] == '{';
    const size_t begin = at + (braced ? 2 : 1);
    const size_t end = NameEnd(begin);
    const std::string_view name = text_.substr(begin, end - begin);
    if (name.empty()) return false;
    at = end;
    const std::string_view index = text_.substr(std::min(at, text_.size()), 3);
    const bool all = braced && (index == "[@]" || index == "[*]");
    if (all) at += 3;
    if (braced && (at >= text_.size() || text_[at++] != '}')) return false;
    if (quoted && (at >= text_.size() || text_[at++] != '"')) return false;
    const bool whole =
        at >= text_.size() || std::string_view(" \t\r\n;|&)").find(text_[at]) != std::string_view::npos;
    if (!whole) return false;
    std::vector<ArgumentWord> words;
    if (all) {
      const Array* array = FindArray(name);
      if (array == nullptr) return false;
      words = array->words;
    } else {
      const std::string* value = quoted ? nullptr : Find(name);
      if (value == nullptr || !value->starts_with("-") || value->find(' ') == std::string::npos) return false;
      const ShellScript split = SplitShell(*value, 0, script_.variables);
      for (const ShellCommand& command : split.commands) {
        words.insert(words.end(), command.words.begin(), command.words.end());
      }
      for (ArgumentWord& word : words) word.begin = word.end = offset_ + at_;
    }
    at_ = at;
    for (ArgumentWord& word : words) {
      if (words_ >= kMostShellWords) break;
      AddWord(std::move(word));
    }
    return true;
  }

  void TakeComment() {
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    size_t begin = at_;
    while (begin < end && text_[begin] == '#') ++begin;
    script_.comments.emplace_back(text_.substr(begin, end - begin));
    at_ = end;
  }

  // A line that begins with an option goes on with the last one, even where its "\" was lost.
  void EndLine() {
    ++at_;
    size_t next = at_;
    while (next < text_.size() && (text_[next] == ' ' || text_[next] == '\t' || text_[next] == '\r')) ++next;
    if (text_.substr(next, 2) == "> ") next += 2;  // the prompt of a line that goes on
    size_t length = 1;
    const bool option = next + 1 < text_.size() && CharAt(next, &length) == '-' &&
                        text_[next + length] != ' ' && !command_.words.empty();
    if (option) {
      at_ = next;
      return;
    }
    EndCommand();
    StartLine();
  }

  void StartLine() {
    SkipPrompt();
    while (At(' ') || At('\t')) ++at_;
    if (dialect_ == ShellDialect::kPosix) return;
    if (At('@')) ++at_;  // cmd.exe: "do not show this line"
    const std::string lower = Lower(text_.substr(at_, 4));
    if (lower == "rem " || lower == "rem\n" || lower == "rem\r" || lower.starts_with("::")) TakeComment();
  }

  void SkipPrompt() {
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    at_ += PromptLength(text_.substr(at_, end - at_));
  }

  // The same text in any case; PowerShell and cmd.exe know no difference.
  bool Begins(std::string_view lower, size_t at) const {
    return Lower(text_.substr(at, lower.size())) == lower;
  }
  size_t NameEnd(size_t at) const {
    while (at < text_.size() && IsNameChar(text_[at])) ++at;
    return at;
  }
  void SkipBlanks() {
    while (At(' ') || At('\t')) ++at_;
  }

  // `$env:NAME = value`, `$name = value`: false: it is none of these, and nothing is taken.
  bool TakePowerShellAssignment() {
    const bool environment = Begins("$env:", at_);
    const size_t begin = at_ + (environment ? 5 : 1);
    const size_t end = NameEnd(begin);
    size_t equals = end;
    while (equals < text_.size() && (text_[equals] == ' ' || text_[equals] == '\t')) ++equals;
    if (end == begin || equals >= text_.size() || text_[equals] != '=') return false;
    at_ = equals + 1;
    SkipBlanks();
    std::string value = TakeValue(";\n");
    Variable variable(text_.substr(begin, end - begin), std::move(value));
    (environment ? script_.variables : locals_).push_back(std::move(variable));
    return true;
  }

  // [Environment]::SetEnvironmentVariable("NAME", "value", "User")
  bool TakePowerShellSetting() {
    constexpr std::string_view kCall = "::setenvironmentvariable(";
    const size_t close = text_.find(']', at_);
    if (close == std::string_view::npos || close - at_ > 24 || !Begins(kCall, close + 1)) return false;
    at_ = close + 1 + kCall.size();
    std::string name = TakeValue(",\n)");
    if (At(',')) ++at_;
    SkipBlanks();
    std::string value = TakeValue(",\n)");
    while (at_ < text_.size() && text_[at_] != ')' && text_[at_] != '\n') ++at_;
    script_.variables.emplace_back(std::move(name), std::move(value));
    return true;
  }

  // Up to one of `ends`; quotes around it are taken off.
  std::string TakeValue(std::string_view ends) {
    std::string value;
    while (at_ < text_.size() && ends.find(text_[at_]) == std::string_view::npos) {
      size_t length = 1;
      const char c = CharAt(at_, &length);
      if (c == '\'' || c == '"') {
        TakeQuoted(c, length, &value);
      } else if (c == '$') {
        TakeVariable(&value);
      } else if (c == '%' && TakePercent(&value)) {
        continue;
      } else {
        value.append(text_.substr(at_, length));
        at_ += length;
      }
    }
    value.resize(value.find_last_not_of(" \t\r") + 1);
    return value;
  }

  // cmd.exe's "set NAME=value" goes to the end of the line, blanks and all; quotes stand around both.
  bool TakeCommandPromptSet() {
    if (!Begins("set ", at_)) return false;
    size_t begin = std::min(text_.find_first_not_of(" \t", at_ + 4), text_.size());
    const bool quoted = begin < text_.size() && text_[begin] == '"';
    if (quoted) ++begin;
    const size_t end = NameEnd(begin);
    if (end == begin || end >= text_.size() || text_[end] != '=') return false;
    at_ = end + 1;
    std::string value = TakeValue(quoted ? "\"\n" : "&|\n");
    if (quoted && At('"')) ++at_;
    script_.variables.emplace_back(text_.substr(begin, end - begin), std::move(value));
    return true;
  }

  // An assignment in another spelling than a Unix shell's.
  bool TakeAssignment() {
    if (!command_.words.empty() || !command_.variables.empty()) return false;
    if (At('$')) return TakePowerShellAssignment();
    if (At('[')) return TakePowerShellSetting();
    return dialect_ == ShellDialect::kCommandPrompt && TakeCommandPromptSet();
  }

  // "%NAME%", where it is known.
  bool TakePercent(std::string* word) {
    const size_t end = NameEnd(at_ + 1);
    if (end == at_ + 1 || end >= text_.size() || text_[end] != '%') return false;
    const std::string* value = Find(text_.substr(at_ + 1, end - at_ - 1));
    if (value == nullptr) return false;
    *word += *value;
    at_ = end + 1;
    return true;
  }

  // Windows writes paths with it: "C:\models\x.gguf", ".\llama-server.exe".
  bool IsPathMark(std::string_view word) const {
    if (dialect_ != ShellDialect::kPosix) return true;
    const bool drive = word.size() >= 2 && word[1] == ':' && IsNameStart(word[0]);
    const bool here = word == "." || word == ".." || word.starts_with(".\\") || word.starts_with("..\\");
    return (drive || here) && at_ + 1 < text_.size() && text_[at_ + 1] != ' ';
  }

  void TakeRedirect() {
    while (At('>') || At('<') || At('&')) ++at_;
    while (At(' ') || At('\t')) ++at_;
    while (at_ < text_.size() && text_.substr(at_, 1).find_first_of(" \t\r\n;|") == std::string_view::npos)
      ++at_;
  }

  void TakeWord() {
    ArgumentWord word;
    word.begin = offset_ + at_;
    quoted_ = false;
    while (at_ < text_.size()) {
      size_t length = 1;
      const char c = CharAt(at_, &length);
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';' || c == '|' || c == '&') break;
      if ((c == '>' || c == '<') && word.text.find('{') == std::string::npos) break;
      if (c == ')' && word.text.find('(') == std::string::npos) break;
      if (Continuation(at_) != std::string_view::npos) break;
      if (c == '\'' && IsApostrophe(word.text, length)) {
        word.text += c;
        at_ += length;
      } else if (c == '\'' || c == '"') {
        TakeQuoted(c, length, &word.text);
      } else if (c == '$') {
        TakeVariable(&word.text);
      } else if (c == '%' && TakePercent(&word.text)) {
        continue;
      } else if (c == '\\' && at_ + 1 < text_.size() && !IsPathMark(word.text)) {
        word.text += text_[at_ + 1];
        at_ += 2;
      } else {
        TakePlain(c, length, word.text.empty(), &word.text);
      }
    }
    word.end = offset_ + at_;
    // "2>&1": a number before a redirect is no word.
    const bool descriptor = At('>') && word.text.size() == 1 && word.text[0] >= '0' && word.text[0] <= '9';
    if (!descriptor) AddWord(std::move(word));
  }

  // "what's": a quote within a word that no other of its line closes.
  bool IsApostrophe(std::string_view word, size_t length) const {
    if (word.empty() || !IsNameStart(word.back()) || at_ + length >= text_.size()) return false;
    if (!IsNameStart(text_[at_ + length])) return false;
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    return text_.substr(at_ + length, end - at_ - length).find('\'') == std::string_view::npos;
  }

  // A dash that a word processor has made long stands for two, at the beginning of a word.
  void TakePlain(char c, size_t length, bool first, std::string* word) {
    if (c == '\0') {
      at_ += length;
      return;
    }
    if (c == '-' && length > 1 && first && !At('-', length)) *word += '-';
    *word += c;
    at_ += length;
  }

  void TakeQuoted(char quote, size_t length, std::string* word) {
    quoted_ = true;
    const size_t begin = at_;
    at_ += length;
    while (at_ < text_.size()) {
      size_t next = 1;
      const char c = CharAt(at_, &next);
      if (c == quote) {
        at_ += next;
        return;
      }
      if (quote == '"' && c == '$') {
        TakeVariable(word);
      } else if (quote == '"' && c == '%' && TakePercent(word)) {
        continue;
      } else if (quote == '"' && c == '\\' && at_ + 1 < text_.size() && !IsPathQuoted()) {
        const char escaped = text_[at_ + 1];
        if (escaped != '"' && escaped != '\\' && escaped != '$' && escaped != '`' && escaped != '\n')
          *word += c;
        if (escaped != '\n') *word += escaped;
        at_ += 2;
      } else {
        word->append(text_.substr(at_, next));
        at_ += next;
      }
    }
    // A quote that never closes is an apostrophe.
    if (begin + length < text_.size() && word->size() > 4096) word->resize(4096);
  }

  // In Windows' shells "\"" within quotes still is a quote, and everything else a path's.
  bool IsPathQuoted() const { return dialect_ != ShellDialect::kPosix && !At('"', 1); }

  const std::string* Find(std::string_view name) const {
    const bool any_case = dialect_ != ShellDialect::kPosix;
    for (const std::vector<Variable>* known : {&locals_, &script_.variables, &known_}) {
      for (size_t i = known->size(); i-- > 0;) {
        const std::string& one = (*known)[i].first;
        if (one.size() != name.size()) continue;
        if (one == name || (any_case && Lower(one) == Lower(name))) return &(*known)[i].second;
      }
    }
    return nullptr;
  }

  // $NAME, ${NAME}, ${NAME:-default}; $(…) stays as it stands.
  void TakeVariable(std::string* word) {
    const size_t begin = at_++;
    const bool braced = At('{');
    if (braced) ++at_;
    if (Begins("env:", at_)) at_ += 4;  // PowerShell's
    const size_t name_begin = at_;
    while (at_ < text_.size() && IsNameChar(text_[at_])) ++at_;
    const std::string_view name = text_.substr(name_begin, at_ - name_begin);
    std::string fallback;
    bool has_fallback = false;
    if (braced) {
      if (At(':') && (At('-', 1) || At('=', 1))) {
        has_fallback = true;
        at_ += 2;
      } else if (At('-')) {
        has_fallback = true;
        ++at_;
      }
      const size_t end = std::min(text_.find('}', at_), text_.size());
      fallback = std::string(text_.substr(at_, end - at_));
      at_ = std::min(end + 1, text_.size());
    } else if (name.empty() && At('(')) {
      const size_t end = std::min(text_.find(')', at_), text_.size());
      at_ = std::min(end + 1, text_.size());
    }
    const std::string* value = name.empty() ? nullptr : Find(name);
    if (value != nullptr) {
      *word += *value;
    } else if (has_fallback) {
      *word += fallback;
    } else {
      word->append(text_.substr(begin, at_ - begin));
      if (!name.empty()) script_.unknown_variables.emplace_back(name);
    }
  }

  void AddWord(ArgumentWord word) {
    ++words_;
    if (array_ != nullptr) {
      array_->push_back(std::move(word));
      return;
    }
    if (command_.words.empty()) {
      const size_t name = AssignmentName(word.text);
      if (name > 0) {
        command_.variables.emplace_back(word.text.substr(0, name), word.text.substr(name + 1));
        return;
      }
    }
    command_.words.push_back(std::move(word));
  }

  // What only assigns lasts for the commands behind it.
  void EndCommand() {
    if (command_.words.empty()) {
      for (Variable& variable : command_.variables) script_.variables.push_back(std::move(variable));
    } else if (IsAssigning(command_.words[0].text)) {
      for (size_t i = 1; i < command_.words.size(); ++i) {
        const std::string& word = command_.words[i].text;
        const size_t name = AssignmentName(word);
        if (name > 0) script_.variables.emplace_back(word.substr(0, name), word.substr(name + 1));
      }
      TakeNamed();
    } else {
      script_.commands.push_back(std::move(command_));
    }
    command_ = ShellCommand();
  }

  // "setx NAME value" of cmd.exe, "setenv NAME value" of csh, "set -gx NAME value" of fish.
  void TakeNamed() {
    const std::vector<ArgumentWord>& words = command_.words;
    const std::string tool = Lower(words[0].text);
    const bool plain = tool == "setx" || tool == "setenv";
    const size_t at = plain ? 1 : 2;
    const bool exported = plain || (tool == "set" && words.size() > 1 && words[1].text.starts_with("-") &&
                                    words[1].text.find('x') != std::string::npos);
    if (!exported || words.size() < at + 2 || AssignmentName(words[at].text) > 0) return;
    script_.variables.emplace_back(words[at].text, words[at + 1].text);
  }

  static bool IsAssigning(std::string_view word) {
    const std::string lower = Lower(word);
    return lower == "export" || lower == "set" || lower == "setx" || lower == "setenv" ||
           lower == "declare" || lower == "local";
  }

  std::string_view text_;
  size_t offset_;
  const std::vector<Variable>& known_;
  size_t at_ = 0, words_ = 0;
  bool quoted_ = false;
  ShellCommand command_;
  ShellScript script_;
  ShellDialect dialect_;
  std::vector<Array> arrays_;
  std::vector<ArgumentWord>* array_ = nullptr;  // that is being filled
  std::vector<Variable> locals_;                // of PowerShell: no program sees them
};

}  // namespace

const std::string* FindShellVariable(const std::vector<Variable>& variables, std::string_view name) {
  for (size_t i = variables.size(); i-- > 0;) {
    if (variables[i].first == name) return &variables[i].second;
  }
  return nullptr;
}

ShellScript SplitShell(std::string_view text, size_t offset, const std::vector<Variable>& known) {
  return Splitter(text, offset, known).Split();
}

std::string FillVariables(std::string_view text, const std::vector<Variable>& known) {
  return Splitter(text, 0, known).Fill();
}

}  // namespace plimsoll
