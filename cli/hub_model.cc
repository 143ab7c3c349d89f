#include "cli/hub_model.h"

#include <string>
#include <utility>

#include "core/catalog/model_names.h"
#include "core/engines/hub_visit.h"

namespace plimsoll {
namespace {

std::string Environment(const CommandContext& context, const char* name) {
  return context.environment ? context.environment(name) : std::string();
}

// Scheme and host, without the slash that people leave at the end. Empty: it is none.
std::string OriginOf(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  const bool known = text.starts_with("https://") || text.starts_with("http://");
  const bool plain = text.find_first_of(" \"'\\\n\r\t?#@") == std::string::npos;
  return known && plain && text.size() > 8 ? text : std::string();
}

}  // namespace

std::optional<Error> TakeHubModel(const Options& options, const CommandContext& context, Config* config,
                                  std::vector<Diagnostic>* diagnostics) {
  if (config->model.empty() || options.Has("--offline") || !context.fetch) return std::nullopt;
  if (context.catalog.FindModel(config->model) != nullptr) return std::nullopt;
  const std::string repository = HubRepository(config->model);
  if (repository.empty()) return std::nullopt;
  std::string hub = options.Value("--hub");
  if (hub.empty()) hub = Environment(context, "HF_ENDPOINT");
  if (hub.empty()) hub = std::string(kHubOrigin);
  const std::string origin = OriginOf(hub);
  if (origin.empty()) return Error{"--hub", Quoted(hub), "an address such as " + std::string(kHubOrigin)};
  if (context.say)
    context.say("Asking " + origin + " for " + repository +
                ": its list of files, config.json or a GGUF's header.");
  HubVisit visit(config->model, options.Value("--revision"));
  const std::string token = Environment(context, "HF_TOKEN");
  while (const std::optional<HubRequest> request = visit.Next())
    visit.Take(context.fetch(origin + request->path, request->bytes, token));
  if (!visit.result().ok())
    return Error{"--model", visit.result().error().given, visit.result().error().accepted};
  const HubModel& found = *visit.result();
  config->model.clear();
  config->inline_model = found.config.inline_model;
  if (config->format.is_null()) config->format = found.config.format;
  if (config->engine.empty()) config->engine = found.config.engine;
  for (const Diagnostic& diagnostic : found.diagnostics) diagnostics->push_back(diagnostic);
  return std::nullopt;
}

}  // namespace plimsoll
