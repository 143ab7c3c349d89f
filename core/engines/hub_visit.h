// A model fetched by its name from a hub that speaks Hugging Face's addresses: which of its files are needed,
// how much of each, and what they come to. Whoever may open a connection (the command, the page) asks for one
// request after another and hands the replies in; nothing here does.
//
//   HubVisit visit("Org/Repo:Q4_K_M", "");
//   while (const auto request = visit.Next()) visit.Take(Fetch(origin + request->path, request->bytes));
//   visit.result();
//
// Read are the list of files, config.json (or params.json), hf_quant_config.json where the former says nothing
// of quantisation, and of a GGUF the header. The revision that the list tells is pinned.
#ifndef PLIMSOLL_CORE_ENGINES_HUB_VISIT_H_
#define PLIMSOLL_CORE_ENGINES_HUB_VISIT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/config/config.h"
#include "core/files/model_file.h"

namespace plimsoll {

inline constexpr std::string_view kHubOrigin = "https://huggingface.co";

struct HubRequest {
  std::string path;   // behind the origin: "/api/models/Org/Repo/revision/main?blobs=true"
  int64_t bytes = 0;  // the first so many (a range request); 0: all
};

struct HubReply {
  int status = 0;  // of HTTP; 0: no answer
  std::string body;
  std::string trouble;  // where there is no answer: why, in a few words
};

struct HubModel {
  Config config;         // the model, inline, and what its files tell of format and engine
  std::string revision;  // that was read
  std::vector<Diagnostic> diagnostics;
};

class HubVisit {
 public:
  // `name`: "Org/Repo", with ":TAG" or "/FILE.gguf" where it has several GGUF files; `revision`: empty for
  // "main".
  HubVisit(std::string_view name, std::string_view revision);

  // What to fetch next; nothing: result() is there.
  std::optional<HubRequest> Next() const;
  void Take(const HubReply& reply);
  const Result<HubModel>& result() const { return result_; }
  const std::string& repository() const { return repository_; }

 private:
  enum class Step : uint8_t { kList, kConfig, kParams, kQuantization, kHeader, kDone };

  struct File {
    std::string path;
    int64_t size = -1;
  };

  void TakeList(const HubReply& reply);
  void TakeConfig(const HubReply& reply);
  void TakeParams(const HubReply& reply);
  void TakeQuantization(const HubReply& reply);
  void TakeHeader(const HubReply& reply);
  void Finish();
  void Refuse(std::string given, std::string accepted);
  bool RefuseStatus(const HubReply& reply);
  bool Has(std::string_view file) const;
  bool ChooseGguf();
  std::string Resolved(std::string_view file) const;

  std::string repository_, tag_, revision_;
  Step step_ = Step::kList;
  std::vector<File> files_;
  File header_;
  int64_t header_bytes_ = kFirstRead;
  Json model_;
  Result<HubModel> result_ = Error{"model", "nothing", "a repository's name"};
};

// A model's config without what no byte depends on, so that a link with it stays short.
Json CompactModel(const Json& config);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_HUB_VISIT_H_
