#include "core/check/shell_words.h"

#include <algorithm>

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
      : text_(text), offset_(offset), known_(known) {}

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
    } else {
      TakeWord();
    }
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

  void StartLine() { SkipPrompt(); }

  // "$ ", "> ", "PS C:\> ", "user@host:~$ ", "(env) $ " at the beginning of a line.
  void SkipPrompt() {
    size_t at = at_;
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t')) ++at;
    const size_t end = std::min(text_.find('\n', at), text_.size());
    const std::string_view line = text_.substr(at, end - at);
    if (line.starts_with("$ ") || line.starts_with("> ") || line.starts_with("% ")) {
      at_ = at + 2;
      return;
    }
    if (line.starts_with("PS ") || line.starts_with("PS>") || line.starts_with("C:\\")) {
      const size_t mark = line.find('>');
      if (mark != std::string_view::npos && mark < 80) at_ = at + mark + 1;
      return;
    }
    const size_t mark = line.find("$ ");
    const bool user = mark != std::string_view::npos && mark < 80 &&
                      line.substr(0, mark).find('@') != std::string_view::npos &&
                      line.substr(0, mark).find_first_of("=\"'") == std::string_view::npos;
    if (user) at_ = at + mark + 2;
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
      if (c == '\'' || c == '"') {
        TakeQuoted(c, length, &word.text);
      } else if (c == '$') {
        TakeVariable(&word.text);
      } else if (c == '\\' && at_ + 1 < text_.size()) {
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
      } else if (quote == '"' && c == '\\' && at_ + 1 < text_.size()) {
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

  const std::string* Find(std::string_view name) const {
    if (const std::string* value = FindShellVariable(script_.variables, name)) return value;
    return FindShellVariable(known_, name);
  }

  // $NAME, ${NAME}, ${NAME:-default}; $(…) stays as it stands.
  void TakeVariable(std::string* word) {
    const size_t begin = at_++;
    const bool braced = At('{');
    if (braced) ++at_;
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
    } else {
      script_.commands.push_back(std::move(command_));
    }
    command_ = ShellCommand();
  }

  static bool IsAssigning(std::string_view word) {
    return word == "export" || word == "set" || word == "setx" || word == "declare" || word == "local";
  }

  std::string_view text_;
  size_t offset_;
  const std::vector<Variable>& known_;
  size_t at_ = 0, words_ = 0;
  bool quoted_ = false;
  ShellCommand command_;
  ShellScript script_;
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
