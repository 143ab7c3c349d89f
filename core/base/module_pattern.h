// Patterns over module names, as quantisation configs write them, matched in time linear in the name.
// Strangers write them: compiling and matching take steps from a limit, and match nothing beyond it.
//
//   re:EXPRESSION   a regular expression anchored at the start of the name only (Python's re.match)
//   with * or ?     a glob over the whole name (Python's fnmatch)
//   anything else   a run of whole components: "self_attn", "mlp.gate", "model.layers.3.mlp"
//
// A module name is a tensor's name without ".weight". Repositories put different prefixes before the same
// layers ("model.", "language_model.model.", "model.language_model."), so expressions and globs are tried
// against each of them. Expressions are a subset of Python's: literals, ., classes, \d \w \s, groups,
// alternation, anchors,
// * + ? and {m,n}, and look-ahead at the start. A pattern outside it is refused, never guessed.
#ifndef PLIMSOLL_CORE_BASE_MODULE_PATTERN_H_
#define PLIMSOLL_CORE_BASE_MODULE_PATTERN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/steps.h"

namespace plimsoll {

// A compiled expression: a nondeterministic automaton. The sets of its states that names lead to are
// remembered, so that a name costs a look-up per character; hence one expression serves one thread.
class Expression {
 public:
  // False: not in the subset, longer than we accept, or beyond the limit.
  bool Compile(std::string_view text, Steps* steps = nullptr);
  // From the start of `name`; the end need not be reached.
  bool MatchesStart(std::string_view name, Steps* steps = nullptr) const;
  // Anywhere in `name`.
  bool MatchesWithin(std::string_view name, Steps* steps = nullptr) const;
  // Whether the outcome may depend on which digits stand in a name.
  bool sees_digits() const { return sees_digits_; }

 private:
  friend class ExpressionParser;
  enum class Op : uint8_t { kSet, kSplit, kJump, kStart, kEnd, kMatch };
  struct State {
    Op op = Op::kMatch;
    int32_t next = -1;
    int32_t other = -1;
    int32_t set = -1;
  };
  struct Set {
    uint64_t bits[2] = {0, 0};  // ASCII
    bool beyond = false;        // bytes from 128
    friend bool operator==(const Set&, const Set&) = default;
  };
  struct Look {
    std::vector<Expression> inside;  // one
    bool negative = false;
  };
  // Sets of states that names have led to so far, and where a character of each kind leads from them.
  struct Known {
    std::vector<std::vector<int32_t>> sets;
    std::map<std::vector<int32_t>, int32_t> index;
    std::vector<int32_t> next;     // sets x kinds of characters; -1: not known yet
    std::vector<uint8_t> accepts;  // 1: here; 2: if the name ends here
    size_t stored = 0;             // states in all sets
    bool begun = false;            // the first set is where names begin
  };
  struct Scratch {
    std::vector<int32_t> open;
    std::vector<uint32_t> mark;
    uint32_t generation = 0;
  };
  bool Has(int32_t set, size_t kind) const;
  void FindKinds(Steps* steps) const;
  void Close(int32_t state, bool at_start, bool at_end, std::vector<int32_t>* set, Steps* steps) const;
  int32_t Remember(std::vector<int32_t> set, bool at_start, Known* known, Steps* steps) const;
  int32_t Follow(int32_t from, size_t kind, bool anywhere, Known* known, Steps* steps) const;
  bool Run(std::string_view name, bool anywhere, Steps* steps) const;

  std::vector<State> states_;
  std::vector<Set> sets_;
  std::vector<Look> looks_;
  int32_t start_ = 0;
  bool sees_digits_ = false;
  mutable std::vector<uint8_t> kind_of_;  // of ASCII, and in the last place of all bytes beyond
  mutable std::vector<uint8_t> example_;  // a character of each kind
  mutable Known known_[2];                // from the start; anywhere
  mutable Scratch scratch_;
};

class ModulePattern {
 public:
  // False: an expression outside the subset, or beyond the limit.
  bool Compile(std::string_view text, Steps* steps = nullptr);
  bool Matches(std::string_view module, Steps* steps = nullptr) const;
  // For components only: the same text anywhere, not at component borders. Some tools mean that.
  bool MatchesSubstring(std::string_view module) const;
  // Whether the outcome may depend on the layer's number.
  bool sees_layers() const { return sees_layers_; }
  // False: no module of that layer can match. Cheap; for the long lists that name every layer.
  bool MayMatchLayer(std::string_view layer) const;
  // The one layer's number that a module must have to match; empty: any.
  std::string_view exact_layer() const { return layer_exact_ ? layer_digits_ : std::string_view(); }
  bool is_components() const { return kind_ == Kind::kComponents; }

 private:
  enum class Kind : uint8_t { kExpression, kGlob, kComponents };
  void FindLayer(std::string_view text);

  Kind kind_ = Kind::kComponents;
  std::string layer_digits_;
  bool layer_exact_ = false;
  std::string text_;
  Expression expression_;
  bool sees_layers_ = false;
};

// Python's fnmatch with * and ? only.
bool GlobMatches(std::string_view glob, std::string_view text);

// The name without the prefixes that repositories put before the same modules.
std::string_view WithoutModelPrefix(std::string_view module);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_MODULE_PATTERN_H_
