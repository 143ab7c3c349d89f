#include "core/base/module_pattern.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

namespace plimsoll {
namespace {

constexpr size_t kMaxExpression = 2000;  // characters; published ignore lists stay under 200
constexpr size_t kMaxStates = 4000;
constexpr int kMaxNesting = 32;
constexpr int kMaxRepeat = 64;  // {m,n} is unrolled

bool HasDigit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

// Recursive descent into Thompson's construction. Each fragment has one entry and a list of exits, kept as
// (state, which arm) pairs until they are joined.
class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, Expression* out, int depth)
      : text_(text), out_(out), depth_(depth) {}

  bool Parse() {
    if (text_.size() > kMaxExpression || depth_ > kMaxNesting) return false;
    if (!ParseLooks()) return false;
    Fragment all;
    if (!ParseAlternatives(&all, 0) || at_ != text_.size()) return false;
    Join(all.exits, NewState(Expression::Op::kMatch));
    out_->start_ = all.start;
    return !failed_;
  }

 private:
  struct Exit {
    int32_t state;
    bool other;
  };
  struct Fragment {
    int32_t start = -1;
    std::vector<Exit> exits;
  };
  using Op = Expression::Op;

  int32_t NewState(Op op) {
    if (out_->states_.size() >= kMaxStates) {
      failed_ = true;
      return 0;
    }
    Expression::State state;
    state.op = op;
    out_->states_.push_back(state);
    return static_cast<int32_t>(out_->states_.size()) - 1;
  }

  void Join(const std::vector<Exit>& exits, int32_t target) {
    for (const Exit& exit : exits) {
      Expression::State& state = out_->states_[static_cast<size_t>(exit.state)];
      (exit.other ? state.other : state.next) = target;
    }
  }

  bool More() const { return at_ < text_.size() && !failed_; }
  char Peek() const { return text_[at_]; }

  // ^(?!...) and (?=...) at the very start: they look at the same place, so they are separate conditions.
  bool ParseLooks() {
    size_t start = at_;
    if (text_.substr(start, 1) == "^") ++start;
    while (text_.substr(start, 3) == "(?!" || text_.substr(start, 3) == "(?=") {
      int open = 1;
      size_t end = start + 3;
      for (; end < text_.size() && open > 0; ++end) {
        if (text_[end] == '\\') {
          ++end;
        } else if (text_[end] == '(') {
          ++open;
        } else if (text_[end] == ')') {
          --open;
        }
      }
      if (open != 0 || end > text_.size()) return false;
      Expression::Look look;
      look.negative = text_[start + 2] == '!';
      look.inside.emplace_back();
      ExpressionParser inside(text_.substr(start + 3, end - start - 4), &look.inside.back(), depth_ + 1);
      if (!inside.Parse()) return false;
      out_->sees_digits_ |= look.inside.back().sees_digits_;
      out_->looks_.push_back(std::move(look));
      start = end;
      at_ = end;
    }
    return true;
  }

  bool ParseAlternatives(Fragment* out, int nesting) {
    if (nesting > kMaxNesting) return false;
    Fragment left;
    if (!ParseSequence(&left, nesting)) return false;
    while (More() && Peek() == '|') {
      ++at_;
      Fragment right;
      if (!ParseSequence(&right, nesting)) return false;
      const int32_t split = NewState(Op::kSplit);
      if (failed_) return false;
      out_->states_[static_cast<size_t>(split)].next = left.start;
      out_->states_[static_cast<size_t>(split)].other = right.start;
      left.start = split;
      left.exits.insert(left.exits.end(), right.exits.begin(), right.exits.end());
    }
    *out = std::move(left);
    return !failed_;
  }

  bool ParseSequence(Fragment* out, int nesting) {
    const int32_t entry = NewState(Op::kJump);
    if (failed_) return false;
    Fragment whole{entry, {{entry, false}}};
    while (More() && Peek() != '|' && Peek() != ')') {
      Fragment piece;
      if (!ParseRepeated(&piece, nesting)) return false;
      Join(whole.exits, piece.start);
      whole.exits = std::move(piece.exits);
    }
    *out = std::move(whole);
    return !failed_;
  }

  bool ParseRepeated(Fragment* out, int nesting) {
    const size_t from = at_;
    if (!ParseAtom(out, nesting)) return false;
    if (!More()) return !failed_;
    const char c = Peek();
    if (c == '*' || c == '+' || c == '?') {
      ++at_;
      Repeat(c, out);
    } else if (c == '{') {
      if (!ParseCount(from, out, nesting)) return false;
    } else {
      return !failed_;
    }
    if (More() && Peek() == '?') ++at_;  // lazy: the same set of names
    return !failed_;
  }

  void Repeat(char kind, Fragment* piece) {
    const int32_t split = NewState(Op::kSplit);
    if (failed_) return;
    out_->states_[static_cast<size_t>(split)].next = piece->start;
    if (kind == '?') {
      piece->start = split;
      piece->exits.push_back({split, true});
      return;
    }
    Join(piece->exits, split);
    piece->exits = {{split, true}};
    if (kind == '*') piece->start = split;
  }

  // {m}, {m,}, {m,n}: the atom is parsed again for each copy; those after the m-th may be absent.
  bool ParseCount(size_t atom_from, Fragment* piece, int nesting) {
    ++at_;
    int low = 0;
    if (!ParseNumber(&low)) return false;
    int high = low;
    bool open_end = false;
    if (More() && Peek() == ',') {
      ++at_;
      open_end = More() && Peek() == '}';
      if (!open_end && !ParseNumber(&high)) return false;
    }
    if (!More() || Peek() != '}' || high < low) return false;
    const size_t after = at_ + 1;
    const int32_t entry = NewState(Op::kJump);
    Fragment all{entry, {{entry, false}}};
    const int copies = open_end ? low + 1 : high;
    for (int i = 0; i < copies && !failed_; ++i) {
      at_ = atom_from;
      Fragment next;
      if (!ParseAtom(&next, nesting)) return false;
      if (i >= low) Repeat(open_end ? '*' : '?', &next);
      Join(all.exits, next.start);
      all.exits = std::move(next.exits);
    }
    at_ = after;
    *piece = std::move(all);
    return !failed_;
  }

  bool ParseNumber(int* value) {
    int number = 0;
    const size_t from = at_;
    while (More() && Peek() >= '0' && Peek() <= '9') {
      number = number * 10 + (Peek() - '0');
      if (number > kMaxRepeat) return false;
      ++at_;
    }
    *value = number;
    return at_ > from;
  }

  bool ParseAtom(Fragment* out, int nesting) {
    const char c = Peek();
    if (c == '(') return ParseGroup(out, nesting);
    if (c == '*' || c == '+' || c == '?' || c == '{') return false;
    if (c == '^' || c == '$') {
      ++at_;
      return Single(NewState(c == '^' ? Op::kStart : Op::kEnd), out);
    }
    Expression::Set set;
    if (c == '.') {
      ++at_;
      set.bits[0] = set.bits[1] = ~uint64_t{0};
      set.beyond = true;
    } else if (c == '[') {
      if (!ParseClass(&set)) return false;
      out_->sees_digits_ = true;
    } else if (c == '\\') {
      if (!ParseEscape(&set)) return false;
    } else {
      ++at_;
      Include(c, &set);
    }
    return SetState(set, out);
  }

  bool SetState(const Expression::Set& set, Fragment* out) {
    const int32_t state = NewState(Op::kSet);
    if (failed_) return false;
    const auto key = std::make_tuple(set.bits[0], set.bits[1], set.beyond);
    const auto [found, added] = set_index_.emplace(key, static_cast<int32_t>(out_->sets_.size()));
    if (added) out_->sets_.push_back(set);
    out_->states_[static_cast<size_t>(state)].set = found->second;
    return Single(state, out);
  }

  bool Single(int32_t state, Fragment* out) {
    *out = Fragment{state, {{state, false}}};
    return !failed_;
  }

  bool ParseGroup(Fragment* out, int nesting) {
    ++at_;
    if (text_.substr(at_, 2) == "?:") {
      at_ += 2;
    } else if (More() && Peek() == '?') {
      return false;  // named groups, look-behind, look-ahead inside
    }
    if (!ParseAlternatives(out, nesting + 1)) return false;
    if (!More() || Peek() != ')') return false;
    ++at_;
    return true;
  }

  void Include(char c, Expression::Set* set) {
    const auto byte = static_cast<unsigned char>(c);
    if (c >= '0' && c <= '9') out_->sees_digits_ = true;
    if (byte >= 128) {
      set->beyond = true;
    } else {
      set->bits[byte / 64] |= uint64_t{1} << (byte % 64);
    }
  }

  void IncludeRange(char from, char to, Expression::Set* set) {
    for (int c = static_cast<unsigned char>(from); c <= static_cast<unsigned char>(to); ++c) {
      Include(static_cast<char>(c), set);
    }
  }

  bool IncludeClass(char name, Expression::Set* set) {
    if (name == 'd' || name == 'w') IncludeRange('0', '9', set);
    if (name == 'w') {
      IncludeRange('a', 'z', set);
      IncludeRange('A', 'Z', set);
      Include('_', set);
    }
    if (name == 's') {
      for (const char c : {' ', '\t', '\n', '\r'}) Include(c, set);
    }
    return name == 'd' || name == 'w' || name == 's';
  }

  bool ParseEscape(Expression::Set* set) {
    ++at_;
    if (!More()) return false;
    const char c = Peek();
    ++at_;
    if (IncludeClass(c, set)) return true;
    if (c == 'D' || c == 'W' || c == 'S') {
      IncludeClass(static_cast<char>(c + ('a' - 'A')), set);
      Invert(set);
      return true;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter) return false;  // \b, back references
    Include(c, set);
    return true;
  }

  static void Invert(Expression::Set* set) {
    set->bits[0] = ~set->bits[0];
    set->bits[1] = ~set->bits[1];
    set->beyond = !set->beyond;
  }

  bool ParseClass(Expression::Set* set) {
    ++at_;
    const bool inverted = More() && Peek() == '^';
    if (inverted) ++at_;
    bool first = true;
    while (More() && (Peek() != ']' || first)) {
      first = false;
      if (Peek() == '\\') {
        if (!ParseEscape(set)) return false;
        continue;
      }
      const char from = Peek();
      ++at_;
      if (text_.substr(at_, 1) == "-" && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        const char to = text_[at_ + 1];
        if (to < from || to == '\\') return false;
        IncludeRange(from, to, set);
        at_ += 2;
      } else {
        Include(from, set);
      }
    }
    if (!More()) return false;
    ++at_;
    if (inverted) Invert(set);
    return true;
  }

  std::string_view text_;
  Expression* out_;
  int depth_;
  std::map<std::tuple<uint64_t, uint64_t, bool>, int32_t> set_index_;  // each set once
  size_t at_ = 0;
  bool failed_ = false;
};

bool Expression::Compile(std::string_view text, Steps* steps) {
  *this = Expression();
  if (!ExpressionParser(text, this, 0).Parse()) return false;
  return steps == nullptr || steps->Take(static_cast<int64_t>(text.size() + states_.size()));
}

bool Expression::Has(int32_t set, size_t kind) const {
  const Set& of = sets_[static_cast<size_t>(set)];
  const size_t byte = example_[kind];
  return byte >= 128 ? of.beyond : ((of.bits[byte / 64] >> (byte % 64)) & 1) != 0;
}

// Characters that no set tells apart are of one kind.
void Expression::FindKinds(Steps* steps) const {
  constexpr size_t kCharacters = 129;  // ASCII, and everything beyond
  kind_of_.assign(kCharacters, 0);
  example_.assign(1, 0);
  for (const Set& set : sets_) {
    if (steps != nullptr && !steps->Take(kCharacters)) return;
    const size_t before = example_.size();
    std::vector<int16_t> split(before, -1);  // the kind of those inside, where others are not
    std::vector<uint8_t> outside(before, 0);
    const auto inside = [&set](size_t c) {
      return c >= 128 ? set.beyond : ((set.bits[c / 64] >> (c % 64)) & 1) != 0;
    };
    for (size_t c = 0; c < kCharacters; ++c) {
      if (!inside(c)) outside[kind_of_[c]] = 1;
    }
    for (size_t c = 0; c < kCharacters; ++c) {
      const size_t kind = kind_of_[c];
      if (!inside(c) || outside[kind] == 0) continue;
      if (split[kind] < 0) {
        split[kind] = static_cast<int16_t>(example_.size());
        example_.push_back(static_cast<uint8_t>(c));
      }
      kind_of_[c] = static_cast<uint8_t>(split[kind]);
    }
    // Where an example left its kind, another one stands for it.
    for (size_t c = kCharacters; c-- > 0;) example_[kind_of_[c]] = static_cast<uint8_t>(c);
  }
}

// What `state` leads to without a character. Ends of names are followed where the name ends, else they stay.
void Expression::Close(int32_t state, bool at_start, bool at_end, std::vector<int32_t>* set,
                       Steps* steps) const {
  // An explicit stack: expressions are hostile input, and each state enters once.
  std::vector<int32_t>& open = scratch_.open;
  open.assign(1, state);
  int64_t visited = 0;
  while (!open.empty()) {
    const int32_t index = open.back();
    open.pop_back();
    if (index < 0 || scratch_.mark[static_cast<size_t>(index)] == scratch_.generation) continue;
    scratch_.mark[static_cast<size_t>(index)] = scratch_.generation;
    ++visited;
    const State& current = states_[static_cast<size_t>(index)];
    switch (current.op) {
      case Op::kJump:
        open.push_back(current.next);
        break;
      case Op::kSplit:
        open.push_back(current.other);
        open.push_back(current.next);
        break;
      case Op::kStart:
        if (at_start) open.push_back(current.next);
        break;
      case Op::kEnd:
        if (at_end) {
          open.push_back(current.next);
        } else {
          set->push_back(index);
        }
        break;
      case Op::kSet:
      case Op::kMatch:
        set->push_back(index);
        break;
    }
  }
  if (steps != nullptr) steps->Take(visited);
}

int32_t Expression::Remember(std::vector<int32_t> set, bool at_start, Known* known, Steps* steps) const {
  constexpr size_t kMostStored = 1 << 18;
  constexpr int64_t kSorting = 10;  // steps for each state: sorted, compared with others, copied
  if (steps != nullptr) steps->Take(kSorting * static_cast<int64_t>(set.size()));
  std::sort(set.begin(), set.end());
  const auto found = known->index.find(set);
  if (found != known->index.end() && !at_start) return found->second;
  // Names that lead to ever new sets: forget and begin again.
  if (known->stored + set.size() > kMostStored) *known = Known();
  const auto number = static_cast<int32_t>(known->sets.size());
  uint8_t accepts = 0;
  std::vector<int32_t> at_end;
  ++scratch_.generation;
  for (const int32_t state : set) {
    const Op op = states_[static_cast<size_t>(state)].op;
    if (op == Op::kMatch) accepts |= 1;
    if (op == Op::kEnd) Close(state, at_start, true, &at_end, steps);
  }
  for (const int32_t state : at_end) {
    if (states_[static_cast<size_t>(state)].op == Op::kMatch) accepts |= 2;
  }
  known->stored += set.size();
  known->accepts.push_back(accepts);
  known->next.resize(known->next.size() + example_.size(), -1);
  if (!at_start) known->index.emplace(set, number);
  known->sets.push_back(std::move(set));
  return number;
}

int32_t Expression::Follow(int32_t from, size_t kind, bool anywhere, Known* known, Steps* steps) const {
  const size_t place = static_cast<size_t>(from) * example_.size() + kind;
  if (known->next[place] >= 0) return known->next[place];
  std::vector<int32_t> set;
  ++scratch_.generation;
  for (const int32_t index : known->sets[static_cast<size_t>(from)]) {
    const State& state = states_[static_cast<size_t>(index)];
    if (state.op == Op::kSet && Has(state.set, kind)) Close(state.next, false, false, &set, steps);
  }
  if (anywhere) Close(start_, false, false, &set, steps);
  const size_t before = known->sets.size();
  const int32_t to = Remember(std::move(set), false, known, steps);
  if (known->sets.size() >= before) known->next[place] = to;  // else all was forgotten
  return to;
}

bool Expression::Run(std::string_view name, bool anywhere, Steps* steps) const {
  for (const Look& look : looks_) {
    if (look.inside[0].MatchesStart(name, steps) == look.negative) return false;
  }
  if (kind_of_.empty()) {
    FindKinds(steps);
    scratch_.mark.assign(states_.size(), 0);
  }
  Known& known = known_[anywhere ? 1 : 0];
  if (!known.begun) {
    known = Known();
    std::vector<int32_t> first;
    ++scratch_.generation;
    Close(start_, true, false, &first, steps);
    Remember(std::move(first), true, &known, steps);
    known.begun = true;
  }
  int32_t at = 0;
  for (const char c : name) {
    if (known.accepts[static_cast<size_t>(at)] & 1) return true;
    if (steps != nullptr && !steps->Take(1)) return false;
    const size_t byte = static_cast<unsigned char>(c);
    at = Follow(at, kind_of_[std::min<size_t>(byte, 128)], anywhere, &known, steps);
  }
  return known.accepts[static_cast<size_t>(at)] != 0;
}

bool Expression::MatchesStart(std::string_view name, Steps* steps) const { return Run(name, false, steps); }
bool Expression::MatchesWithin(std::string_view name, Steps* steps) const { return Run(name, true, steps); }

bool GlobMatches(std::string_view glob, std::string_view text) {
  size_t g = 0, t = 0;
  size_t star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      retry = t;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

std::string_view WithoutModelPrefix(std::string_view module) {
  constexpr std::string_view kPrefixes[] = {"model.", "language_model.", "backbone.", "transformer.",
                                            "thinker."};
  for (bool found = true; found;) {
    found = false;
    for (const std::string_view prefix : kPrefixes) {
      if (module.substr(0, prefix.size()) != prefix) continue;
      module.remove_prefix(prefix.size());
      found = true;
    }
  }
  return module;
}

namespace {

// `run` at component borders of `name`.
bool HasComponents(std::string_view name, std::string_view run) {
  for (size_t at = name.find(run); at != std::string_view::npos; at = name.find(run, at + 1)) {
    const bool left = at == 0 || name[at - 1] == '.';
    const bool right = at + run.size() == name.size() || name[at + run.size()] == '.';
    if (left && right) return true;
  }
  return false;
}

std::string_view TrimDots(std::string_view text) {
  while (!text.empty() && text.front() == '.') text.remove_prefix(1);
  while (!text.empty() && text.back() == '.') text.remove_suffix(1);
  constexpr std::string_view kWeight = ".weight";
  if (text.size() > kWeight.size() && text.substr(text.size() - kWeight.size()) == kWeight) {
    text.remove_suffix(kWeight.size());
  }
  return text;
}

constexpr std::string_view kPrefixes[] = {
    "", "model.", "model.language_model.", "language_model.model.", "language_model.", "backbone."};

// Whether `matches` holds for the name with any prefix under which repositories publish it.
template <typename Predicate>
bool AnySpelling(std::string_view module, const Predicate& matches) {
  if (matches(module)) return true;
  const std::string_view bare = WithoutModelPrefix(module);
  std::string name;
  for (const std::string_view prefix : kPrefixes) {
    name.assign(prefix).append(bare);
    if (name != module && matches(std::string_view(name))) return true;
  }
  return false;
}

}  // namespace

bool ModulePattern::Compile(std::string_view text, Steps* steps) {
  constexpr std::string_view kExpressionPrefix = "re:";
  if (text.substr(0, kExpressionPrefix.size()) == kExpressionPrefix) {
    kind_ = Kind::kExpression;
    text_ = std::string(text);
    if (!expression_.Compile(text.substr(kExpressionPrefix.size()), steps)) return false;
    sees_layers_ = expression_.sees_digits();
    return true;
  }
  sees_layers_ = HasDigit(text);
  FindLayer(text);
  if (text.find_first_of("*?") != std::string_view::npos) {
    kind_ = Kind::kGlob;
    text_ = std::string(text);
    return true;
  }
  kind_ = Kind::kComponents;
  text_ = std::string(WithoutModelPrefix(TrimDots(text)));
  if (text_.empty()) text_ = std::string(TrimDots(text));  // "model" itself
  return true;
}

// "layers.12" in a literal part: only layers with that number (or, before a star, that begin with it) can
// match.
void ModulePattern::FindLayer(std::string_view text) {
  constexpr std::string_view kLayers = "layers.";
  const size_t found = text.find(kLayers);
  if (found == std::string_view::npos || text.substr(0, found).find_first_of("*?") != std::string_view::npos)
    return;
  size_t end = found + kLayers.size();
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  layer_digits_ = std::string(text.substr(found + kLayers.size(), end - found - kLayers.size()));
  layer_exact_ = end == text.size() || text[end] == '.';
}

bool ModulePattern::Matches(std::string_view module, Steps* steps) const {
  switch (kind_) {
    case Kind::kExpression:
      return AnySpelling(module,
                         [&](std::string_view name) { return expression_.MatchesStart(name, steps); });
    case Kind::kGlob:
      return AnySpelling(module, [&](std::string_view name) {
        // A star goes back over the name at most once for each character.
        if (steps != nullptr && !steps->Take(static_cast<int64_t>(name.size() * 4))) return false;
        return GlobMatches(text_, name);
      });
    case Kind::kComponents:
      if (steps != nullptr && !steps->Take(static_cast<int64_t>(module.size() / 8 + 1))) return false;
      return !text_.empty() && HasComponents(module, text_);
  }
  return false;
}

bool ModulePattern::MayMatchLayer(std::string_view number) const {
  if (layer_digits_.empty()) return true;
  return layer_exact_ ? number == layer_digits_ : number.compare(0, layer_digits_.size(), layer_digits_) == 0;
}

bool ModulePattern::MatchesSubstring(std::string_view module) const {
  return !text_.empty() && module.find(text_) != std::string_view::npos;
}

}  // namespace plimsoll
