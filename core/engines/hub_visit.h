// A model fetched by its name from a hub that speaks Hugging Face's addresses: which of its files are needed,
// how much of each, and what they come to. Whoever may open a connection (the command, the page) asks for one
// request after another and hands the replies in; nothing here does.
//
//   HubVisit visit("Org/Repo:Q4_K_M", "");
//   while (const auto request = visit.Next()) visit.Take(Fetch(origin + request->path, request->bytes));
//   visit.result();
//
// Read are the list of files, config.json (or params.json), hf_quant_config.json where the former says nothing
// of quantisation, the index of the safetensors files or the header of a single one, and of a GGUF the header.
// The revision that the list tells is pinned. What only adds to the model (an index, a header beside a config)
// may fail without harm.
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

struct HubFile {
  std::string path;
  int64_t size = -1;  // negative: the hub does not say
};

struct HubModel {
  Config config;               // the model, inline, and what its files tell of format and engine
  std::string revision;        // that was read
  std::vector<HubFile> ggufs;  // of the repository; `gguf` is the one that was read, if one was
  std::string gguf;
  std::optional<ModelFile> file;  // what the index or the header tells of the weights
  std::string file_name;
  std::vector<Diagnostic> diagnostics;
};
// {"repository", "revision", "config", "ggufs": [{"path", "size"}…], "gguf", "remarks": […], "file": as ReadFileToJson
// writes it, or null}: how a worker that visits hands it to the page.
Json HubModelJson(HubModel model);

class HubVisit {
 public:
  // `name`: "Org/Repo", with ":TAG" or "/FILE.gguf" where it has several GGUF files, or an address of the hub;
  // `revision`: empty for the one of the address, or "main".
  HubVisit(std::string_view name, std::string_view revision);

  // What to fetch next; nothing: result() is there.
  std::optional<HubRequest> Next() const;
  void Take(const HubReply& reply);
  const Result<HubModel>& result() const { return result_; }
  const std::string& repository() const { return repository_; }

 private:
  enum class Step : uint8_t { kList, kConfig, kParams, kQuantization, kWeights, kHeader, kDone };

  void TakeList(const HubReply& reply);
  void TakeConfig(const HubReply& reply);
  void TakeParams(const HubReply& reply);
  void TakeQuantization(const HubReply& reply);
  void TakeWeights(const HubReply& reply);
  void TakeHeader(const HubReply& reply);
  void LookAtWeights();
  void Finish();
  void Refuse(std::string given, std::string accepted);
  bool RefuseStatus(const HubReply& reply);
  const HubFile* FileNamed(std::string_view path) const;
  bool Has(std::string_view path) const { return FileNamed(path) != nullptr; }
  std::vector<HubFile> Ggufs() const;
  bool ChooseGguf();
  std::string Resolved(std::string_view file) const;

  std::string repository_, tag_, revision_;
  Step step_ = Step::kList;
  std::vector<HubFile> files_;
  HubFile header_;      // whose beginning is read: of a GGUF, or beside a config
  bool whole_ = false;  // all of it
  int64_t header_bytes_ = kFirstRead;
  std::string dtype_;  // most of the weights are stored in, as the hub counts
  std::optional<ModelFile> file_;
  Json model_;
  Result<HubModel> result_ = Error{"model", "nothing", "a repository's name"};
};

// A model's config without what no byte depends on, so that a link with it stays short.
Json CompactModel(const Json& config);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_HUB_VISIT_H_
