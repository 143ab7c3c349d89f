#include "core/base/module_pattern.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace plimsoll {
namespace {

bool Matches(std::string_view pattern, std::string_view module) {
  ModulePattern compiled;
  EXPECT_TRUE(compiled.Compile(pattern)) << pattern;
  return compiled.Matches(module);
}

bool Starts(std::string_view expression, std::string_view name) {
  Expression compiled;
  EXPECT_TRUE(compiled.Compile(expression)) << expression;
  return compiled.MatchesStart(name);
}

TEST(ModulePattern, ComponentsMatchAtTheirBorders) {
  EXPECT_TRUE(Matches("lm_head", "lm_head"));
  EXPECT_TRUE(Matches("mlp.gate", "model.layers.3.mlp.gate"));
  EXPECT_FALSE(Matches("mlp.gate", "model.layers.3.mlp.gate_proj"));
  EXPECT_FALSE(Matches("gate", "model.layers.3.mlp.gate_proj"));
  EXPECT_TRUE(Matches("self_attn", "model.layers.3.self_attn.q_proj"));
  EXPECT_FALSE(Matches("shared_expert", "model.layers.3.mlp.shared_expert_gate"));
  EXPECT_TRUE(Matches("layers.3.", "model.layers.3.mlp.gate_proj"));
  EXPECT_FALSE(Matches("layers.3.", "model.layers.13.mlp.gate_proj"));
  EXPECT_TRUE(Matches("model.layers.3.mlp.gate.weight", "model.layers.3.mlp.gate"));
}

TEST(ModulePattern, RepositoriesPutDifferentPrefixesBeforeTheSameModules) {
  EXPECT_TRUE(Matches("model.layers.0.mlp", "model.language_model.layers.0.mlp.up_proj"));
  EXPECT_TRUE(Matches("model.language_model.layers.0.mlp*", "model.layers.0.mlp.up_proj"));
  EXPECT_TRUE(Matches("re:model.layers.0.*", "language_model.model.layers.0.mlp.up_proj"));
  EXPECT_TRUE(Matches("backbone.layers.4.mixer.in_proj", "backbone.layers.4.mixer.in_proj"));
}

TEST(ModulePattern, GlobsCoverTheWholeName) {
  EXPECT_TRUE(Matches("model.layers.0*", "model.layers.0.mlp.up_proj"));
  EXPECT_TRUE(Matches("*.mlp.shared_expert.*", "model.layers.7.mlp.shared_expert.up_proj"));
  EXPECT_FALSE(Matches("*.attn.*", "model.layers.7.self_attn.q_proj"));
  EXPECT_TRUE(Matches("model.layers.*.self_attn.?_proj", "model.layers.41.self_attn.q_proj"));
  EXPECT_FALSE(Matches("lm_head*", "model.lm"));
  EXPECT_TRUE(GlobMatches("", ""));
  EXPECT_TRUE(GlobMatches("***", ""));
  EXPECT_FALSE(GlobMatches("?", ""));
}

TEST(ModulePattern, ExpressionsAnchorAtTheStartOnly) {
  EXPECT_TRUE(Matches("re:.*lm_head", "lm_head"));
  EXPECT_TRUE(Matches("re:.*mlp.gate$", "model.layers.0.mlp.gate"));
  EXPECT_FALSE(Matches("re:.*mlp.gate$", "model.layers.0.mlp.gate_proj"));
  EXPECT_FALSE(Matches("re:mlp.gate", "model.layers.0.mlp.gate"));
  EXPECT_TRUE(Matches("re:.*mlp\\.(gate|up|gate_up|down)_proj.*", "model.layers.0.mlp.gate_up_proj"));
  EXPECT_FALSE(Matches("re:.*mlp\\.(gate|up|gate_up|down)_proj.*", "model.layers.0.mlp.experts.0.up_proj"));
}

TEST(ModulePattern, ExpressionSyntax) {
  EXPECT_TRUE(Starts("a{3}b", "aaab"));
  EXPECT_FALSE(Starts("a{3}b", "aab"));
  EXPECT_TRUE(Starts("^a{2,3}$", "aaa"));
  EXPECT_FALSE(Starts("^a{2,3}$", "aaaa"));
  EXPECT_FALSE(Starts("^a{2,3}$", "a"));
  EXPECT_TRUE(Starts("^a{2,}$", "aaaaaa"));
  EXPECT_FALSE(Starts("^a{2,}$", "a"));
  EXPECT_TRUE(Starts("^(ab){0,2}$", ""));
  EXPECT_TRUE(Starts("layers\\.(1|2[0-3])\\.", "layers.22."));
  EXPECT_FALSE(Starts("layers\\.(1|2[0-3])\\.", "layers.24."));
  EXPECT_TRUE(Starts("\\w+\\.\\d+$", "layers.22"));
  EXPECT_TRUE(Starts("[^.]+$", "lm_head"));
  EXPECT_FALSE(Starts("[^.]+$", "a.b"));
  EXPECT_TRUE(Starts("a?b*c+", "cc"));
  EXPECT_TRUE(Starts("(?:q|k|v)_proj", "k_proj"));
  EXPECT_TRUE(Starts("(|x)y", "y"));
  EXPECT_TRUE(Starts(".*?gate", "mlp.gate"));
}

TEST(ModulePattern, LookAheadAtTheStart) {
  EXPECT_TRUE(Starts("^(?!.*experts).*proj", "mlp.up_proj"));
  EXPECT_FALSE(Starts("^(?!.*experts).*proj", "mlp.experts.0.up_proj"));
  EXPECT_TRUE(Starts("(?=.*experts)(?!.*shared).*proj", "mlp.experts.0.up_proj"));
  EXPECT_FALSE(Starts("(?=.*experts)(?!.*shared).*proj", "mlp.shared_experts.up_proj"));
}

TEST(ModulePattern, RefusesWhatItDoesNotUnderstand) {
  ModulePattern pattern;
  for (const std::string_view text :
       {"re:(", "re:a)", "re:[a", "re:a{", "re:a{3", "re:a{99999}", "re:*a", "re:a(?<=b)", "re:(?P<x>a)",
        "re:\\1", "re:\\", "re:a{3,2}", "re:[z-a]", "re:a(?!b)"}) {
    EXPECT_FALSE(pattern.Compile(text)) << text;
  }
  EXPECT_FALSE(pattern.Compile("re:" + std::string(3000, 'a')));
  EXPECT_FALSE(pattern.Compile("re:" + std::string(1000, '(') + std::string(1000, ')')));
  EXPECT_FALSE(pattern.Compile("re:((((a{64}){64}){64}){64}){64}"));
  EXPECT_FALSE(pattern.Compile("re:" + std::string(600, '(') + "?!"));
}

TEST(ModulePattern, HostileExpressionsStayLinear) {
  // Patterns on which backtracking matchers take exponential time.
  Expression expression;
  ASSERT_TRUE(expression.Compile("(a*)*b"));
  EXPECT_FALSE(expression.MatchesStart(std::string(20000, 'a')));
  ASSERT_TRUE(expression.Compile("(a|a)*(a|a)*(a|a)*$"));
  EXPECT_FALSE(expression.MatchesStart(std::string(20000, 'a') + "b"));
  EXPECT_TRUE(GlobMatches("*a*a*a*a*a*b", std::string(300, 'a') + "b"));
}

// A second, dumb matcher for a small language, over all short words.
bool DumbMatch(const std::string& pattern, size_t p, const std::string& text, size_t t) {
  if (p == pattern.size()) return true;  // anchored at the start only
  const bool star = p + 1 < pattern.size() && pattern[p + 1] == '*';
  const bool one = t < text.size() && (pattern[p] == '.' || pattern[p] == text[t]);
  if (star) return DumbMatch(pattern, p + 2, text, t) || (one && DumbMatch(pattern, p, text, t + 1));
  return one && DumbMatch(pattern, p + 1, text, t + 1);
}

TEST(ModulePattern, AgreesWithBacktrackingOnRandomWords) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string pattern, text;
    for (int i = 0, n = 1 + static_cast<int>(random() % 5); i < n; ++i) {
      pattern += "ab."[random() % 3];
      if (random() % 3 == 0) pattern += '*';
    }
    for (int i = 0, n = static_cast<int>(random() % 7); i < n; ++i) text += "abc"[random() % 3];
    EXPECT_EQ(Starts(pattern, text), DumbMatch(pattern, 0, text, 0)) << pattern << " on " << text;
  }
}

TEST(ModulePattern, LayerFilterNeverRefusesAMatch) {
  for (const std::string_view text : {"model.layers.1*", "layers.1.", "re:.*layers\\.1\\..*",
                                      "model.layers.12", "model.layers.1?.mlp*", "*.mlp.*"}) {
    ModulePattern pattern;
    ASSERT_TRUE(pattern.Compile(text));
    for (int layer = 0; layer < 200; ++layer) {
      const std::string name = "model.layers." + std::to_string(layer) + ".mlp.up_proj";
      if (pattern.Matches(name)) {
        EXPECT_TRUE(pattern.MayMatchLayer(std::to_string(layer))) << text << " " << layer;
      }
    }
  }
}

}  // namespace
}  // namespace plimsoll
