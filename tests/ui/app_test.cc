// The page as somebody uses it: find by label, act, look at the state and at what is shown.
#include "web/app.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/text.h"
#include "core/config/config_keys.h"
#include "imgui_internal.h"
#include "tests/ui/page_driver.h"

namespace plimsoll {
namespace {

TEST(App, ShowsTheMainThings) {
  PageDriver page;
  for (const char* label :
       {"Model", "Format", "KV cache type", "GPU", "GPU count and parallelism", "Context", "Users at once",
        "Sequences at most", "Engine", "Batched tokens", "CUDA graphs", "More options", "Memory"}) {
    EXPECT_TRUE(page.Shows(label)) << label;
  }
  EXPECT_EQ(page.Get("Verdict").value.find("NaN"), std::string::npos);
}

TEST(App, EveryItemIsInTheSemanticTree) {
  PageDriver page;
  page.Click("More options");
  for (const HookedItem& item : page.Items()) {
    if (item.width <= 0 || item.height <= 0) continue;
    bool known = false;
    for (const SemanticNode& node : page.app().semantics().nodes()) {
      known = known || (std::abs(node.x - item.x) < 2 && std::abs(node.y - item.y) < 2 &&
                        std::abs(node.width - item.width) < 4);
    }
    // Windows (the panes) are items too; they are as high as the page.
    EXPECT_TRUE(known || item.height >= 800)
        << item.x << ' ' << item.y << ' ' << item.width << ' ' << item.height;
  }
}

// Every key that the engine takes has a control under its label, but for those with a picker or sliders of
// their own and what the Schedule tab asks; no other has one.
TEST(App, ShowsTheKeysThatTheEngineTakes) {
  for (const char* link :
       {"m=llama-3.1-8b&g=rtx-4090&n=2", "m=qwen3-8b&q=gguf-q4_k_m&e=llama.cpp&g=rtx-4090&n=2",
        "m=llama-3.1-8b&e=sglang&g=h200"}) {
    PageDriver page;
    ASSERT_TRUE(page.state().LoadFragment(link)) << page.state().notice();
    page.state().view.more_options = true;
    page.Frames(2);
    for (const ConfigKey& key : ConfigKeys()) {
      const bool drawn = key.group == KeyGroup::kMore || key.group == KeyGroup::kEngine;
      if (!drawn || key.json == "engine" || key.json == "engine_version" || key.json == "multimodal" ||
          key.json == "gpu_memory_utilization" || key.json == "tensor_split") {
        continue;
      }
      const bool takes = Takes(*page.state().resolved().engine, key);
      EXPECT_EQ(page.Shows(key.label), takes) << link << ' ' << key.json;
    }
  }
}

TEST(App, PicksAModelBySearching) {
  PageDriver page;
  page.Click("Model");
  ASSERT_TRUE(page.Shows("Search models"));
  page.Type("3.1 70b");
  ASSERT_TRUE(page.Shows("Llama 3.1 70B", "option"));
  EXPECT_FALSE(page.Shows("Mistral 7B v0.3", "option"));
  page.Click("Llama 3.1 70B", "option");
  EXPECT_EQ(page.state().config().model, "llama-3.1-70b");
  EXPECT_FALSE(page.Shows("Search models"));
}

TEST(App, EnterTakesTheFirstMatch) {
  PageDriver page;
  page.Click("GPU");
  page.Type("h200");
  page.Press(ImGuiKey_Enter);
  ASSERT_EQ(page.state().config().gpu.size(), 1U);
  EXPECT_EQ(page.state().config().gpu[0], "h200");
}

TEST(App, EnterTakesTheRowThatIsMarked) {
  PageDriver page;
  page.Click("Model");
  page.Type("qwen3 ");
  const auto marked = [&] {
    std::string label;
    for (const SemanticNode& node : page.app().semantics().nodes()) {
      if (node.role == "option" && node.value.rfind("current", 0) == 0) label = node.label;
    }
    return label;
  };
  const std::string first = marked();
  ASSERT_NE(first, "");
  page.Press(ImGuiKey_DownArrow, 2);
  const std::string third = marked();
  EXPECT_NE(third, first);
  page.Press(ImGuiKey_Enter);
  EXPECT_EQ(page.state().resolved().model->name, third);
}

TEST(App, ListsAreOrderedBySizeAndSayWhatFits) {
  PageDriver page;
  page.Click("GPU");
  double before = 0;
  int rows = 0;
  for (const SemanticNode& node : page.app().semantics().nodes()) {
    if (node.role != "option") continue;
    const auto& gpus = page.state().catalog().gpus();
    const auto gpu =
        std::find_if(gpus.begin(), gpus.end(), [&](const Gpu& g) { return g.name == node.label; });
    ASSERT_NE(gpu, gpus.end()) << node.label;
    EXPECT_GE(gpu->memory_gb, before) << node.label;
    before = gpu->memory_gb;
    EXPECT_NE(node.value.find_first_of("fitbg"), std::string::npos) << node.value;
    ++rows;
  }
  EXPECT_GT(rows, 5);
  page.Type("h200");
  EXPECT_NE(page.Get("H200 SXM 141GB", "option").value.find("fits"), std::string::npos);
  page.Press(ImGuiKey_Escape);
  page.Click("Model");
  page.Type("llama 3.1 70b");
  const std::string big = page.Get("Llama 3.1 70B", "option").value;
  EXPECT_NE(big.find("131.4 GiB"), std::string::npos) << big;
  EXPECT_NE(big.find("too big"), std::string::npos) << big;
}

TEST(App, RepositoriesAreFound) {
  PageDriver page;
  page.Click("Model");
  page.Type("Qwen/Qwen3-32B-AWQ");
  page.Press(ImGuiKey_Enter);
  EXPECT_EQ(page.state().config().model, "qwen3-32b");
  EXPECT_EQ(page.state().config().format.AsString(), "awq-int4");
  ASSERT_TRUE(page.state().LoadFragment("m=Qwen/Qwen3-8B&g=rtx-4090")) << page.state().notice();
  EXPECT_EQ(page.state().resolved().model->id, "qwen3-8b");
}

// What is chosen may take the engine along: then it is said.
TEST(App, AFormatThatChangesTheEngineSaysSo) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=gpt-oss-20b&q=gguf-mxfp4_moe&e=llama.cpp&g=rtx-4090"));
  ASSERT_TRUE(page.state().Dispatch({{"format", Json("mxfp4")}}));
  EXPECT_EQ(page.state().resolved().engine->name, "vLLM");
  EXPECT_EQ(page.state().notice(), "llama.cpp does not read \"mxfp4\": the engine is now vLLM.");
}

TEST(Palette, FindsModelsCardsFormatsTabsAndActions) {
  PageDriver page;
  const auto take = [&](const char* words) {
    page.state().view.palette_asked = true;
    page.Frames(3);
    ASSERT_TRUE(page.Shows("Search or do anything", "searchbox"));
    page.Type(words);
    page.Press(ImGuiKey_Enter);
    page.Frames(2);
    EXPECT_FALSE(page.Shows("Search or do anything", "searchbox")) << words;
  };
  take("llama 3.1 70b");
  EXPECT_EQ(page.state().config().model, "llama-3.1-70b");
  take("h200");
  EXPECT_EQ(page.state().config().gpu.front(), "h200");
  take("awq int4");
  EXPECT_EQ(page.state().config().format.AsString(), "awq-int4");
  take("sglang");
  EXPECT_EQ(page.state().config().engine, "sglang");
  take("compare tab");
  EXPECT_EQ(page.state().tab(), "compare");
  take("cheapest cards");
  EXPECT_EQ(page.state().tab(), "find");
  EXPECT_EQ(page.state().config().model, "qwen3-235b-a22b");
  take("keys");
  EXPECT_TRUE(page.Shows("Ctrl K", "row"));
}

TEST(Palette, EveryPresetIsALinkThatLoads) {
  PageDriver page;
  std::vector<std::string> names;
  for (const SemanticNode& node : page.app().semantics().nodes()) {
    if (node.label.rfind("Try: ", 0) == 0) names.push_back(node.label);
  }
  ASSERT_EQ(names.size(), 5U) << "a first visit offers them";
  for (const std::string& name : names) {
    PageDriver fresh;
    fresh.Click(name, "button");
    fresh.Frames(3);
    EXPECT_EQ(fresh.state().notice(), "") << name;
    EXPECT_FALSE(fresh.state().untouched()) << name;
    EXPECT_TRUE(fresh.state().report().verdict != Verdict::kInvalid) << name;
    EXPECT_FALSE(fresh.Shows(name)) << "and then they are gone";
  }
}

TEST(Palette, SizesReadInGigabytes) {
  PageDriver page;
  const double gib = page.state().report().per_gpu[0].total.gib();
  EXPECT_NE(page.Get("In all", "row").value.find(DecimalText(gib, 2) + " GiB"), std::string::npos);
  page.state().TurnUnits();
  page.Frames();
  const double gb = static_cast<double>(page.state().report().per_gpu[0].total.count()) / 1e9;
  EXPECT_NE(page.Get("In all", "row").value.find(DecimalText(gb, 2) + " GB"), std::string::npos)
      << page.Get("In all", "row").value;
  for (const SemanticNode& node : page.app().semantics().nodes())
    EXPECT_EQ((node.label + node.value).find("GiB"), std::string::npos) << node.label << ' ' << node.value;
  // How it is worked out, and what is remarked, too.
  for (const std::string_view link : {"m=qwen3-8b&g=h100-sxm", "m=qwen3-8b&e=sglang&g=h100-sxm",
                                      "m=qwen3-32b&q=gguf-ud-q4_k_xl&e=ollama&g=rtx-3060-12gb&ctx=32768"}) {
    ASSERT_TRUE(page.state().LoadFragment(link)) << link;
    for (const Term& term : page.state().explanation().terms)
      EXPECT_EQ(term.substituted.find("GiB"), std::string::npos) << term.substituted;
    for (const Diagnostic& diagnostic : page.state().report().diagnostics)
      EXPECT_EQ(diagnostic.message.find("GiB"), std::string::npos) << diagnostic.message;
  }
}

TEST(App, EscapeClosesAMenuAndChangesNothing) {
  PageDriver page;
  const int64_t version = page.state().version();
  page.Click("Format");
  ASSERT_TRUE(page.Shows("Search formats"));
  page.Type("aw");
  page.Press(ImGuiKey_Escape);
  EXPECT_FALSE(page.Shows("Search formats")) << "one press, even while searching";
  EXPECT_EQ(page.state().version(), version);
}

TEST(App, TheWorkedExampleDoesNotFitAndOffersWaysOut) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=llama-3.1-70b&q=awq-int4&g=rtx-4090&kv=fp8&ctx=16384&seqs=4"));
  page.Frames();
  EXPECT_NE(page.Get("Verdict").value.find("Does not fit"), std::string::npos);
  const auto ways = page.state().ways_out(true);
  ASSERT_FALSE(ways.empty());
  page.Click(ways[0].label, "button");
  EXPECT_TRUE(page.state().report().fits());
}

TEST(App, DraggingTheContextSliderMovesIt) {
  PageDriver page;
  page.DragTo("Context", 0.2F);
  const int64_t low = page.state().resolved().max_model_len;
  page.DragTo("Context", 0.8F);
  const int64_t high = page.state().resolved().max_model_len;
  EXPECT_LT(low, 2048);
  EXPECT_GT(high, 16384);
  page.DragTo("Context", 1);
  EXPECT_EQ(page.state().resolved().max_model_len, page.state().resolved().architecture->max_positions);
}

// As a range of a form has it: after a drag the arrows are the slider's, without a frame around it, until one presses
// elsewhere.
TEST(App, KeysMoveOnTheSliderThatWasDragged) {
  PageDriver page;
  ImGui::GetIO().AddFocusEvent(true);
  EXPECT_EQ(page.app().KeyFocus(), 0);
  page.DragTo("Context", 0.5F);
  EXPECT_EQ(page.app().KeyFocus(), 2);
  const int64_t before = page.state().resolved().max_model_len;
  page.Press(ImGuiKey_PageUp);
  EXPECT_EQ(page.state().resolved().max_model_len, before * 2);
  EXPECT_EQ(page.app().KeyFocus(), 2);
  page.Click("Context, typed");
  page.Press(ImGuiKey_Escape);
  EXPECT_NE(page.app().KeyFocus(), 2);
  page.DragTo("Context", 0.5F);
  page.Press(ImGuiKey_Tab);
  EXPECT_EQ(page.app().KeyFocus(), 1) << "what the keyboard reaches has a frame";
}

TEST(App, TheContextCanBeTyped) {
  PageDriver page;
  page.Click("Context, typed");
  page.Type("24k");
  page.Press(ImGuiKey_Enter);
  EXPECT_EQ(page.state().config().max_model_len, 24 * 1024);
}

TEST(App, NonsenseThatIsTypedIsRefusedWithANotice) {
  PageDriver page;
  const Config before = page.state().config();
  page.Click("Context, typed");
  page.Type("many");
  page.Press(ImGuiKey_Enter);
  EXPECT_EQ(page.state().config(), before);
  EXPECT_NE(page.state().notice().find("max_model_len"), std::string::npos) << page.state().notice();
}

// What is assumed stands beside the figures that rest on it, and nothing does where nothing is.
TEST(App, WhatIsAssumedIsSaidUnderTheFigures) {
  const auto note = [](PageDriver& page) {
    for (const SemanticNode& node : page.app().semantics().nodes()) {
      if (node.role == "note" && node.label.find("build for HIP") != std::string::npos) return node.label;
    }
    return std::string();
  };
  PageDriver page(1440, 2000);
  EXPECT_EQ(note(page), "");
  Config config = page.state().config();
  config.engine = "llama.cpp";
  config.format = Json("gguf-q4_k_m");
  config.gpu = {"rx-7900-xtx"};
  page.state().Load(config);
  page.Frames(2);
  EXPECT_EQ(page.state().notice(), "");
  EXPECT_NE(note(page).find("Set backend to hip or vulkan."), std::string::npos) << note(page);
  page.Click("Speed");
  page.Frames(2);
  EXPECT_NE(note(page), "");
  config.backend = "vulkan";
  page.state().Load(config);
  page.Frames(2);
  EXPECT_EQ(note(page), "");
}

TEST(App, WhatIsRefusedStandsAtItsField) {
  PageDriver page;
  page.Click("Context, typed");
  page.Type("many");
  page.Press(ImGuiKey_Enter);
  page.Frames(2);
  std::string said;
  float y = 0;
  for (const SemanticNode& node : page.app().semantics().nodes()) {
    if (node.role == "alert") said = node.label, y = node.y;
  }
  EXPECT_EQ(said.find("Context cannot be \"many\""), 0U) << said;
  EXPECT_GT(y, page.Get("Context", "slider").y);
  EXPECT_TRUE(page.state().view.fault_shown);
  page.DragTo("Context", 0.5F);
  page.Frames(2);
  EXPECT_FALSE(page.state().view.fault_shown) << "until something is accepted";
}

TEST(App, ALinkToSomethingUnknownSaysWhatAndWhatIsNear) {
  PageDriver page;
  EXPECT_FALSE(page.state().LoadFragment("m=lama-3.1-70b&q=awq-int4&g=rtx-3090&n=2&ctx=8192"));
  page.Frames();
  EXPECT_EQ(page.Get("Verdict").value, "Unknown model: lama-3.1-70b");
  page.Click("Nearest: llama-3.1-70b", "button");
  EXPECT_EQ(page.state().config().model, "llama-3.1-70b");
  EXPECT_EQ(page.state().config().gpu, std::vector<std::string>({"rtx-3090"}));
  EXPECT_EQ(page.state().config().max_model_len, 8192);
  EXPECT_EQ(page.Get("Verdict").value.find("Unknown"), std::string::npos);
  EXPECT_FALSE(page.state().LoadFragment("m=llama-3.1-8b&g=rtx4090ti"));
  page.Frames();
  EXPECT_EQ(page.Get("Verdict").value, "Unknown card: rtx4090ti");
  page.Click("Context, typed");
  page.Type("4k");
  page.Press(ImGuiKey_Enter);
  page.Frames();
  EXPECT_EQ(page.Get("Verdict").value.find("Unknown"), std::string::npos) << "something else was asked";
}

TEST(App, TogglesCudaGraphs) {
  PageDriver page;
  EXPECT_EQ(page.Get("CUDA graphs", "switch").value, "on");
  page.Click("CUDA graphs", "switch");
  EXPECT_EQ(page.state().config().enforce_eager, true);
  EXPECT_EQ(page.Get("CUDA graphs", "switch").value, "off");
}

TEST(App, MoreCardsByTheStepper) {
  PageDriver page;
  page.Click("GPU count and parallelism");
  page.Click("More: GPUs per node");
  EXPECT_EQ(page.state().resolved().gpus, 2);
  EXPECT_EQ(page.state().resolved().tp, 2);
  page.Click("More: GPUs per node");
  page.Click("More: GPUs per node");
  EXPECT_EQ(page.state().resolved().gpus, 4);
  EXPECT_TRUE(page.Shows("GPU 0 to 3, RTX 4090, each", "img"));
}

TEST(App, TermsOpenAndClose) {
  PageDriver page;
  ASSERT_FALSE(page.state().explanation().terms.empty());
  const std::string term = page.state().explanation().terms[0].name;
  const float closed = page.output.content_height;
  EXPECT_TRUE(page.state().view.open_terms.empty()) << "a first visit sees the whole";
  page.Click(term, "row");
  page.Frames();
  EXPECT_GT(page.output.content_height, closed);
  page.Click(term, "row");
  page.Frames();
  EXPECT_EQ(page.output.content_height, closed);
}

TEST(App, MemorySaysWhatItComesToInAll) {
  PageDriver page;
  const Report& report = page.state().report();
  const std::string all = DecimalText(report.per_gpu[0].total.gib(), 2);
  EXPECT_EQ(page.Get("In all", "row").value.find(all + " GiB"), 0U) << page.Get("In all", "row").value;
  Bytes sum;
  for (const Term& term : page.state().explanation().terms) {
    if (term.depth == 0) sum += term.bytes;
  }
  EXPECT_NEAR(sum.gib(), report.per_gpu[0].total.gib(), 0.01) << "the rows add up";
}

TEST(App, TheKeyboardReachesAndChangesThings) {
  PageDriver page;
  ImGui::GetIO().AddFocusEvent(true);
  page.Frames();
  // Down to the context slider, then an octave up.
  for (int i = 0; i < 40; ++i) {
    page.Press(ImGuiKey_Tab);
    const SemanticNode slider = page.Get("Context", "slider");
    const ImGuiContext& context = *page.app().context();
    const ImRect box = ImGui::WindowRectRelToAbs(context.NavWindow, context.NavWindow->NavRectRel[0]);
    if (std::abs(box.Min.y - slider.y) < 1 && std::abs(box.Min.x - slider.x) < 1) break;
  }
  const int64_t before = page.state().resolved().max_model_len;
  page.Press(ImGuiKey_PageUp);
  EXPECT_EQ(page.state().resolved().max_model_len, before * 2);
  page.Press(ImGuiKey_RightArrow);
  EXPECT_GT(page.state().resolved().max_model_len, before * 2);
}

// Chosen, typed or turned: one height, one left edge.
TEST(App, SettingsLookAlike) {
  for (const float width : {1440.0F, 390.0F}) {
    PageDriver page(width, 4000);
    page.input.coarse = width < 500;
    page.Frames();
    if (width < 500) page.Click("Configuration");
    page.Click("More options");
    page.Frames();
    std::set<float> heights;
    std::set<std::string> roles;
    for (const SemanticNode& node : page.app().semantics().nodes()) {
      if (node.role != "switch" && node.role != "spinbutton" && node.role != "combobox") continue;
      heights.insert(node.height);
      roles.insert(node.role);
    }
    EXPECT_EQ(roles.size(), 3U);
    EXPECT_EQ(heights, std::set<float>{width < 500 ? 44.0F : 34.0F});
  }
}

TEST(App, SourcesAreLinksAndOpenBesideThePage) {
  PageDriver page(1440, 2000);
  ASSERT_TRUE(page.state().LoadFragment("m=llama-3.1-70b&q=awq-int4&g=rtx-4090&n=4&ctx=16384"));
  page.Frames();
  EXPECT_EQ(page.Get("meta-llama/Llama-3.1-70B-Instruct", "link").value,
            "https://huggingface.co/meta-llama/Llama-3.1-70B-Instruct");
  const int64_t asked = page.state().view.asked;
  page.Click("Predicted against measured", "link");
  EXPECT_EQ(page.state().view.asked, asked + 1);
  EXPECT_EQ(page.state().view.ask, "open-link");
  EXPECT_EQ(page.state().view.to_copy, "../accuracy/");
  // The checkpoint that the format means is a source, too; the card is one once.
  int links = 0;
  for (const SemanticNode& node : page.app().semantics().nodes()) links += node.role == "link" ? 1 : 0;
  EXPECT_EQ(links, 4);
}

TEST(App, OnAPhoneTheAnswerComesFirstAndOptionsUnfold) {
  PageDriver page(390, 844);
  page.input.coarse = true;
  ASSERT_TRUE(page.state().LoadFragment("m=llama-3.1-70b&q=awq-int4&g=rtx-4090&kv=fp8&ctx=16384&seqs=4"));
  page.Frames();
  EXPECT_FALSE(page.Shows("Context", "slider"));
  EXPECT_LT(page.Get("Verdict").y, page.Get("Configuration").y);
  page.Click("Configuration");
  page.Frames();
  EXPECT_TRUE(page.Shows("Context", "slider"));
  for (const SemanticNode& node : page.app().semantics().nodes()) {
    EXPECT_LE(node.x + node.width, 391) << node.label;
    if (node.role == "button" || node.role == "combobox" || node.role == "switch" || node.role == "slider") {
      EXPECT_GE(node.height, 44) << node.label;
    }
  }
}

TEST(App, NothingMovesWhenNothingHappens) {
  PageDriver page;
  page.Frames(5);
  EXPECT_FALSE(page.output.again);
  EXPECT_EQ(page.output.scroll_by, 0);
}

TEST(App, EveryModelDrawsWithoutNonsense) {
  PageDriver page;
  for (const Model& model : page.state().catalog().models()) {
    if (model.refused()) continue;
    ASSERT_TRUE(page.state().Dispatch({{"model", Json(model.id)}})) << page.state().notice();
    page.Frames(2);
    for (const SemanticNode& node : page.app().semantics().nodes()) {
      EXPECT_EQ(node.value.find("nan"), std::string::npos) << model.id << ' ' << node.label;
      EXPECT_EQ(node.value.find("inf "), std::string::npos) << model.id << ' ' << node.label;
    }
  }
}

// What is pressed is in sight already, whatever else has the focus of the keyboard.
TEST(App, APressDoesNotScrollThePage) {
  PageDriver page(1200, 500);
  page.Click("Speed", "tab");
  page.input.scroll = 240;
  page.Frames(3);
  const SemanticNode field = page.Get("First token within, s", "spinbutton");
  ASSERT_GT(field.y, 60);
  ImGuiIO& io = ImGui::GetIO();
  io.AddFocusEvent(true);
  io.AddMousePosEvent(field.x + field.width / 2, field.y + field.height / 2);
  const auto frame = [&page] {
    page.Frames(1);
    EXPECT_EQ(page.output.scroll_by, 0);
  };
  frame();
  io.AddMouseButtonEvent(0, true);
  for (int i = 0; i < 3; ++i) frame();
  io.AddMouseButtonEvent(0, false);
  for (int i = 0; i < 4; ++i) frame();
  io.AddInputCharactersUTF8("3");
  for (int i = 0; i < 3; ++i) frame();
  EXPECT_TRUE(io.WantTextInput);
}

}  // namespace
}  // namespace plimsoll
