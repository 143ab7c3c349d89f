// Writes the site's pages from templates and the core, so that every number on them is computed, never typed.
//
//   generate_pages OUT_DIR TEMPLATES_DIR MEASURED_DIR
//
// A template's first line is `title | description`; the rest is HTML with gaps: {{root}} leads to the site's
// root,
// {{answer m=…}} is a worked-out configuration, {{embed m=…}} the live widget, {{weights_gib m=…}} a number
// of one (page_numbers.h). PLIMSOLL_SITE_URL is where the site will stand, for what must be absolute
// (sitemap, previews).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.h"
#include "core/catalog/catalog.h"
#include "core/catalog/catalog_data.h"
#include "core/catalog/license.h"
#include "core/catalog/task.h"
#include "core/engines/registry.h"
#include "core/validate/validation.h"
#include "site/accuracy_page.h"
#include "site/blocks.h"
#include "site/html.h"
#include "site/page_numbers.h"

namespace plimsoll {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Stop(const std::string& message) {
  std::fprintf(stderr, "generate_pages: %s\n", message.c_str());
  std::exit(1);
}

std::string ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Stop("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Json ReadJson(const fs::path& path) {
  Result<Json> json = Json::Parse(ReadText(path), path.filename().string());
  if (!json.ok()) Stop(json.error().Message());
  return std::move(*json);
}

struct Page {
  std::string path;  // "models/llama-3.1-8b/"; empty: the root
  std::string title, description, content;
  std::string head;  // more elements of <head>
};

class Generator {
 public:
  Generator(const Catalog& catalog, fs::path out, fs::path templates, fs::path measured, fs::path models,
            std::string url)
      : catalog_(catalog),
        out_(std::move(out)),
        templates_(std::move(templates)),
        measured_(std::move(measured)),
        models_(std::move(models)),
        url_(std::move(url)) {
    layout_ = ReadText(templates_ / "layout.html");
    cards_json_ = ReadJson(models_ / "gpus.json");
    prices_json_ = ReadJson(models_ / "prices.json");
  }

  void All() {
    FromTemplate("", "index.html");
    FromTemplate("404", "404.html");
    FromTemplate("guides/", "guides.html");
    for (const char* name : {"235b-on-one-4090", "gated-deltanet-on-four-t4", "llama-70b-on-one-4090"}) {
      FromTemplate("guides/" + std::string(name) + "/", "guide-" + std::string(name) + ".html");
    }
    Models();
    Gpus();
    Accuracy();
    Sitemap();
  }

 private:
  // The error page stands in for addresses of any depth: it alone needs to know the path that the site lies
  // under, which the site's published address tells.
  std::string Root(const std::string& path) const {
    if (path == "404" && url_.rfind("https://", 0) == 0) return url_.substr(url_.find('/', 8));
    std::string root;
    for (const char c : path) root += c == '/' ? "../" : "";
    return root;
  }

  std::optional<std::string> FillGap(std::string_view gap, const std::string& root) {
    if (gap == "root") return root.empty() ? "./" : root;
    if (gap == "model_count") return CountText(static_cast<int64_t>(catalog_.models().size()));
    if (gap == "gpu_count") return CountText(static_cast<int64_t>(catalog_.gpus().size()));
    const size_t space = gap.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const std::string_view name = gap.substr(0, space);
    const Answer& answer = Ask(catalog_, gap.substr(space + 1));
    if (name == "answer") return AnswerBlock(answer, root);
    if (name == "link") return root + "app/#" + Escaped(answer.fragment);
    if (name == "embed") {
      return "<plimsoll-estimate config=\"" + Escaped(answer.fragment) + "\"><a href=\"" + root + "app/#" +
             Escaped(answer.fragment) + "\">Open this configuration in the estimator</a></plimsoll-estimate>";
    }
    const auto number = NumberOf(answer, name);
    return number ? std::optional<std::string>(Escaped(*number)) : std::nullopt;
  }

  void FromTemplate(const std::string& path, const std::string& file) {
    const std::string text = ReadText(templates_ / file);
    const size_t line = text.find('\n');
    const size_t bar = text.find(" | ");
    if (bar == std::string::npos || bar > line) Stop(file + ": the first line is not `title | description`");
    const std::string root = Root(path);
    const Filled filled = FillTemplate(std::string_view(text).substr(line + 1),
                                       [&](std::string_view gap) { return FillGap(gap, root); });
    if (filled.unfilled) Stop(file + ": nothing fills {{" + *filled.unfilled + "}}");
    Page page = {path, text.substr(0, bar), text.substr(bar + 3, line - bar - 3), filled.text, ""};
    if (filled.text.find("<plimsoll-estimate") != std::string::npos) {
      page.head = "<script async src=\"" + root + "embed.js\"></script>\n";
    }
    Write(page);
  }

  void Write(const Page& page) {
    const std::string root = Root(page.path);
    const auto current = [&page](std::string_view section) {
      return page.path.rfind(section, 0) == 0 ? std::string(" aria-current=\"page\"") : std::string();
    };
    const Filled filled = FillTemplate(layout_, [&](std::string_view gap) -> std::optional<std::string> {
      if (gap == "root") return root.empty() ? "./" : root;
      if (gap == "title") return Escaped(page.title);
      if (gap == "description") return Escaped(page.description);
      if (gap == "url") return url_ + page.path;
      if (gap == "site") return url_;
      if (gap == "head") return page.head;
      if (gap == "content") return page.content;
      if (gap == "models_current") return current("models/");
      if (gap == "gpus_current") return current("gpus/");
      if (gap == "guides_current") return current("guides/");
      if (gap == "accuracy_current") return current("accuracy/");
      return std::nullopt;
    });
    if (filled.unfilled) Stop("layout.html: nothing fills {{" + *filled.unfilled + "}}");
    const bool error_page = page.path == "404";
    Save(error_page ? "404.html" : page.path + "index.html", filled.text);
    if (!error_page) pages_.push_back(page.path);
  }

  void Save(const std::string& path, const std::string& text) {
    const fs::path file = out_ / path;
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    std::ofstream stream(file, std::ios::binary);
    stream << text;
    if (!stream) Stop("cannot write " + file.string());
  }

  void Models() {
    std::string list;
    for (const Model& model : catalog_.models()) {
      if (model.refused()) continue;
      list += "<li><a href=\"" + model.id + "/\">" + Escaped(model.name) + "</a><span class=\"note\">" +
              ShortParameters(model) + "</span></li>\n";
      ModelPage(model);
    }
    Write({"models/", "How much GPU memory each model needs | Plimsoll",
           "Weights, KV cache and the cards that hold them, for " +
               CountText(static_cast<int64_t>(catalog_.models().size())) + " language models.",
           "<h1>Models</h1>\n<p class=\"lead\">What each needs, in the formats that are published for it, on "
           "common cards.</p>\n"
           "<ul class=\"columns\">\n" +
               list + "</ul>\n",
           ""});
  }

  void ModelPage(const Model& model) {
    const Architecture& architecture = model.architecture();
    const Answer& answer = Ask(catalog_, "m=" + model.id + "&g=h100-sxm");
    const std::string parameters = ShortParameters(model);
    std::string content =
        "<h1>" + Escaped(model.name) + ": GPU memory</h1>\n<p class=\"lead\">" + parameters +
        " parameters, released as " + Escaped(ShortFormat(model.native_format)) + ": " +
        DecimalText(answer.report.weights.checkpoint.gb(), 1) + " GB to download, " +
        CountText(answer.report.kv.per_token.count()) + " bytes of KV cache for each token of context.</p>\n";
    content += "<div class=\"actions\"><a class=\"button primary\" href=\"../../app/#m=" + model.id +
               "&amp;g=h100-sxm\">Open in the estimator</a></div>\n";
    content += "<h2>How many cards it takes</h2>\n<p class=\"note\">The fewest of 1, 2, 4 or 8 cards under " +
               std::string(Engines().front()->traits().name) +
               " that hold the weights and one sequence "
               "of at least " +
               CountText(std::min<int64_t>(architecture.max_positions > 0 ? architecture.max_positions : 4096,
                                           16384)) +
               " tokens, and the longest context that then fits.</p>\n" +
               ModelTable(catalog_, model, "../../");
    content += "<h2>What it is made of</h2>\n<table><tbody>\n";
    const auto row = [&content](std::string_view name, const std::string& value) {
      content += "<tr><th scope=\"row\">" + std::string(name) + "</th><td>" + Escaped(value) + "</td></tr>\n";
    };
    row("Parameters", CountText(model.parameters().total));
    row("Active per token", CountText(model.parameters().active));
    row("Layers", CountText(architecture.layers));
    row("Hidden size", CountText(architecture.hidden));
    row("Vocabulary", CountText(architecture.vocab));
    row("Longest context", CountText(architecture.max_positions) + " tokens");
    row("Architecture", architecture.name);
    row("For", TasksText(model.tasks));
    row("Licence", LicenseName(model.license));
    row("Released", model.release);
    const auto repository = [](const std::string& name) {
      return "<a href=\"https://huggingface.co/" + Escaped(name) + "\" target=\"_blank\" rel=\"noopener\">" +
             Escaped(name) + "</a>";
    };
    if (!model.hf_repo.empty())
      content += "<tr><th scope=\"row\">Repository</th><td>" + repository(model.hf_repo) + "</td></tr>\n";
    content += "</tbody></table>\n";
    if (!model.checkpoints().empty()) content += "<h2>Quantised checkpoints</h2>\n<ul>\n";
    for (const Checkpoint& checkpoint : model.checkpoints()) {
      content += "<li>" + repository(checkpoint.repo) + ", " + Escaped(ShortFormat(checkpoint.format.id)) +
                 "</li>\n";
    }
    if (!model.checkpoints().empty()) content += "</ul>\n";
    Write({"models/" + model.id + "/", model.name + ": how much GPU memory it needs | Plimsoll",
           model.name + " has " + parameters +
               " parameters. Which GPUs hold it, in which format, with how much context.",
           content, ""});
  }

  // What the programs do not carry of a card: where its figures and its prices are from.
  std::string CardSources(const Gpu& gpu) {
    const auto list_of = [](const Json& entry, const char* key) {
      std::string list;
      const Json* sources = entry.Find(key);
      if (sources == nullptr) return list;
      if (sources->is_string()) return "<li>" + LinkedSource(sources->AsString()) + "</li>\n";
      for (const Json& source : sources->items())
        list += "<li>" + LinkedSource(source.AsString()) + "</li>\n";
      return list;
    };
    std::string content = "<h2 id=\"sources\">Where this is from</h2>\n";
    for (const Json& entry : cards_json_.items()) {
      if (const Json* id = entry.Find("id"); id == nullptr || id->AsString() != gpu.id) continue;
      content += "<p>Memory, rates and power:</p>\n<ul>\n" + list_of(entry, "source") + "</ul>\n";
    }
    const Json* prices = prices_json_.Find("prices");
    for (const Json& entry : prices != nullptr ? prices->items() : std::vector<Json>()) {
      if (const Json* id = entry.Find("gpu"); id == nullptr || id->AsString() != gpu.id) continue;
      std::string text;
      if (gpu.price_per_hour_usd > 0)
        text = "rented for $" + DecimalText(gpu.price_per_hour_usd, 2) + " an hour";
      if (gpu.price_usd > 0)
        text += (text.empty() ? "" : ", ") + ("bought for $" + DecimalText(gpu.price_usd, 0));
      content += "<p>Prices as of " + Escaped(gpu.price_date) + ": " + text + ".</p>\n<ul>\n" +
                 list_of(entry, "sources") + "</ul>\n";
    }
    return content;
  }

  void Gpus() {
    std::string list;
    for (const Gpu& gpu : catalog_.gpus()) {
      list += "<li><a href=\"" + gpu.id + "/\">" + Escaped(gpu.name) + "</a><span class=\"note\">" +
              DecimalText(gpu.memory_gb, 0) + " GB</span></li>\n";
      GpuPage(gpu);
    }
    Write({"gpus/", "What fits on each GPU | Plimsoll",
           "Which language models fit on " + CountText(static_cast<int64_t>(catalog_.gpus().size())) +
               " GPUs, and with how much context.",
           "<h1>GPUs</h1>\n<p class=\"lead\">What fits on each card, and with how much context.</p>\n<ul "
           "class=\"columns\">\n" +
               list + "</ul>\n",
           ""});
  }

  void GpuPage(const Gpu& gpu) {
    std::string content = "<h1>What fits on the " + Escaped(gpu.name) + "</h1>\n<p class=\"lead\">" +
                          DecimalText(gpu.memory_gb, 0) + " GB as sold; " + DecimalText(gpu.usable.gib(), 1) +
                          " GiB that a program gets. " + DecimalText(gpu.bandwidth.value() / 1e9, 0) +
                          " GB/s.</p>\n";
    content += "<p class=\"note\">The fewest of 1, 2, 4 or 8 cards under " +
               std::string(Engines().front()->traits().name) +
               " that hold the weights and one "
               "sequence of up to 16,384 tokens, and the longest context "
               "that then fits.</p>\n" +
               GpuTable(catalog_, gpu, "../../") + CardSources(gpu);
    Write({"gpus/" + gpu.id + "/", "What fits on the " + gpu.name + " | Plimsoll",
           "Which language models fit on one or more " + gpu.name +
               ", as released and at 4 bits, and with how much context.",
           content, ""});
  }

  AccuracySection Section(std::string title, std::string about, const char* file) {
    const Result<Json> json = Json::Parse(ReadText(measured_ / file), file);
    if (!json.ok()) Stop(json.error().Message());
    Result<CaseFile> cases = ReadCases(*json);
    if (!cases.ok()) Stop(std::string(file) + ": " + cases.error().Message());
    return {std::move(title), std::move(about), std::move(*cases), Json()};
  }

  void Accuracy() {
    std::vector<AccuracySection> sections;
    const Result<Json> listed = Json::Parse(ReadText(measured_ / "accuracy.json"), "accuracy.json");
    if (!listed.ok()) Stop(listed.error().Message());
    for (const Json& item : listed->items()) {
      sections.push_back(Section(item.Find("title")->AsString(), item.Find("about")->AsString(),
                                 item.Find("file")->AsString().c_str()));
      if (const Json* rivals = item.Find("rivals")) {
        Result<Json> published = Json::Parse(ReadText(measured_ / rivals->AsString()), "rivals");
        if (!published.ok()) Stop(published.error().Message());
        sections.back().rivals = std::move(*published);
      }
    }
    Write({"accuracy/", "Accuracy: predicted against measured | Plimsoll",
           "What Plimsoll predicts for published startup logs, checkpoints and benchmarks, against what was "
           "measured.",
           AccuracyContent(sections, catalog_), ""});
  }

  void Sitemap() {
    std::string text =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset "
        "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n";
    pages_.push_back("app/");
    std::sort(pages_.begin(), pages_.end());
    for (const std::string& path : pages_) text += "<url><loc>" + Escaped(url_ + path) + "</loc></url>\n";
    Save("sitemap.xml", text + "</urlset>\n");
    Save("robots.txt", "User-agent: *\nAllow: /\nSitemap: " + url_ + "sitemap.xml\n");
  }

  const Catalog& catalog_;
  fs::path out_, templates_, measured_, models_;
  std::string url_;
  std::string layout_;
  std::vector<std::string> pages_;
  Json cards_json_, prices_json_;
};

}  // namespace
}  // namespace plimsoll

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: generate_pages OUT_DIR TEMPLATES_DIR MEASURED_DIR MODELS_DIR\n");
    return 2;
  }
  const plimsoll::CatalogData data = plimsoll::EmbeddedCatalog();
  const auto catalog = plimsoll::Catalog::Parse(data.models, data.gpus);
  if (!catalog.ok()) {
    std::fprintf(stderr, "generate_pages: %s\n", catalog.error().Message().c_str());
    return 1;
  }
  // Where ./run serves it, unless the deployment says otherwise.
  const char* url = std::getenv("PLIMSOLL_SITE_URL");
  plimsoll::Generator(*catalog, argv[1], argv[2], argv[3], argv[4],
                      url != nullptr ? url : "http://localhost:8080/")
      .All();
  return 0;
}
