// Patterns over module names, as quantisation configs write them, matched in time linear in the name.
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
#include <string>
#include <string_view>
#include <vector>

namespace plimsoll {

// A compiled expression: a nondeterministic automaton, simulated state set by state set.
class Expression {
 public:
  // False: not in the subset, or longer than we accept.
  bool Compile(std::string_view text);
  // From the start of `name`; the end need not be reached.
  bool MatchesStart(std::string_view name) const;
  // Anywhere in `name`.
  bool MatchesWithin(std::string_view name) const;
  // Whether the outcome may depend on which digits stand in a name.
  bool sees_digits() const { return sees_digits_; }
  // States of the automaton: matching costs at most these times the name's length.
  size_t size() const { return states_.size(); }

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
  };
  struct Look {
    std::vector<Expression> inside;  // one
    bool negative = false;
  };
  void Add(int32_t state, size_t at, size_t length, std::vector<int32_t>* list, std::vector<uint32_t>* mark,
           uint32_t generation) const;
  bool Run(std::string_view name, bool anywhere) const;

  std::vector<State> states_;
  std::vector<Set> sets_;
  std::vector<Look> looks_;
  int32_t start_ = 0;
  bool sees_digits_ = false;
};

class ModulePattern {
 public:
  // False: an expression outside the subset.
  bool Compile(std::string_view text);
  bool Matches(std::string_view module) const;
  // For components only: the same text anywhere, not at component borders. Some tools mean that.
  bool MatchesSubstring(std::string_view module) const;
  // Whether the outcome may depend on the layer's number.
  bool sees_layers() const { return sees_layers_; }
  // False: no module of that layer can match. Cheap; for the long lists that name every layer.
  bool MayMatchLayer(int64_t layer) const;
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
