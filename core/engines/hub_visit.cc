#include "core/engines/hub_visit.h"

#include <algorithm>
#include <utility>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/catalog/model_names.h"
#include "core/config/config_codec.h"
#include "core/engines/file_config.h"
#include "core/files/model_file_json.h"

namespace plimsoll {
namespace {

constexpr int64_t kMostHeader = int64_t{64} << 20;
constexpr int64_t kMostIndex = int64_t{16} << 20;
constexpr size_t kMostFiles = 20000;
constexpr size_t kMostGgufs = 200;  // that are listed
constexpr JsonLimits kReplyLimits = {int64_t{32} << 20, 64, 2000000};

bool IsPlainPath(std::string_view path) {
  if (path.empty() || path.size() > 500 || path.find("..") != std::string_view::npos || path.front() == '/')
    return false;
  return std::all_of(path.begin(), path.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '/' || c == '+';
  });
}

bool IsRevision(std::string_view text) { return IsPlainPath(text) && text.size() <= 120; }

std::string Escaped(std::string_view path) {
  std::string out;
  for (const char c : path) out += c == '+' ? std::string("%2B") : std::string(1, c);
  return out;
}

// Parts behind the first of a split file, and projectors, are no model of their own.
bool IsModelGguf(std::string_view path) {
  const std::string lower = Lower(path);
  if (!lower.ends_with(".gguf") || lower.find("mmproj") != std::string::npos) return false;
  const size_t of = lower.rfind("-of-");
  return of == std::string::npos || of < 6 || lower.substr(of - 5, 5) == "00001" ||
         lower.find_first_not_of("0123456789", of - 5) != of;
}

// "tree/REVISION", "blob/REVISION/FILE" and the like behind the repository in an address of the hub.
std::string RevisionInName(std::string_view name) {
  for (const std::string_view mark : {"/tree/", "/blob/", "/resolve/", "/raw/"}) {
    const size_t at = name.find(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = name.substr(at + mark.size());
    return std::string(rest.substr(0, rest.find_first_of("/?#")));
  }
  return {};
}

// How config.json calls what the hub counts weights in; the type of most of them. Empty: packed ones.
std::string DtypeOfCounts(const Json* safetensors) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"BF16", "bfloat16"}, {"F16", "float16"}, {"F32", "float32"}};
  const Json* counts = safetensors == nullptr ? nullptr : safetensors->Find("parameters");
  if (counts == nullptr || !counts->is_object()) return {};
  std::string name;
  double most = 0;
  for (const Json::Member& member : counts->members()) {
    const double count = member.second.AsDouble().value_or(0);
    if (count <= most) continue;
    most = count;
    name.clear();
    for (const auto& [from, to] : kNames) {
      if (member.first == from) name = to;
    }
  }
  return name;
}

bool TellsDtype(const Json& config) {
  for (const std::string_view key : {"torch_dtype", "dtype"}) {
    if (config.Has(key)) return true;
  }
  const Json* text = config.Find("text_config");
  return text != nullptr && text->is_object() && TellsDtype(*text);
}

// Keys of generation, of the library and of tokens, which shape nothing.
constexpr std::string_view kShapeless[] = {"transformers_version",
                                           "use_cache",
                                           "bos_token_id",
                                           "eos_token_id",
                                           "pad_token_id",
                                           "unk_token_id",
                                           "sep_token_id",
                                           "decoder_start_token_id",
                                           "initializer_range",
                                           "auto_map",
                                           "id2label",
                                           "label2id",
                                           "task_specific_params",
                                           "attention_dropout",
                                           "hidden_dropout",
                                           "embd_pdrop",
                                           "resid_pdrop",
                                           "attn_pdrop",
                                           "rms_norm_eps",
                                           "layer_norm_eps",
                                           "layer_norm_epsilon",
                                           "hidden_dropout_prob",
                                           "attention_probs_dropout_prob",
                                           "output_router_logits",
                                           "router_aux_loss_coef",
                                           "pretraining_tp",
                                           "output_attentions",
                                           "output_hidden_states",
                                           "return_dict",
                                           "problem_type",
                                           "architectures_",
                                           "temperature",
                                           "top_p",
                                           "top_k",
                                           "repetition_penalty",
                                           "do_sample",
                                           "num_return_sequences",
                                           "max_length",
                                           "min_length",
                                           "_attn_implementation",
                                           "_attn_implementation_autoset",
                                           "classifier_dropout",
                                           "summary_type",
                                           "summary_use_proj",
                                           "gradient_checkpointing",
                                           "aux_loss_alpha",
                                           "seq_aux"};

// Mistral's own params.json under Hugging Face's names.
Json ConfigOfParams(const Json& params) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"dim", "hidden_size"},
      {"n_layers", "num_hidden_layers"},
      {"n_heads", "num_attention_heads"},
      {"n_kv_heads", "num_key_value_heads"},
      {"head_dim", "head_dim"},
      {"hidden_dim", "intermediate_size"},
      {"vocab_size", "vocab_size"},
      {"max_position_embeddings", "max_position_embeddings"},
      {"max_seq_len", "max_position_embeddings"},
      {"sliding_window", "sliding_window"},
      {"rope_theta", "rope_theta"}};
  Json config = Json::MakeObject();
  const Json* experts = params.Find("moe");
  const bool mixture = experts != nullptr && experts->is_object();
  Json names = Json::MakeArray();
  names.Append(mixture ? "MixtralForCausalLM" : "MistralForCausalLM");
  config.Set("architectures", std::move(names)).Set("model_type", mixture ? "mixtral" : "mistral");
  for (const auto& [from, to] : kNames) {
    const Json* value = params.Find(from);
    if (value != nullptr && value->is_number()) config.Set(to, *value);
  }
  if (mixture) {
    if (const Json* count = experts->Find("num_experts")) config.Set("num_local_experts", *count);
    if (const Json* used = experts->Find("num_experts_per_tok")) config.Set("num_experts_per_tok", *used);
  }
  const Json* tied = params.Find("tied_embeddings");
  config.Set("tie_word_embeddings", tied != nullptr && tied->AsBool().value_or(false))
      .Set("torch_dtype", "bfloat16");
  return config;
}

}  // namespace

Json CompactModel(const Json& config) {
  if (!config.is_object()) return config;
  Json compact = Json::MakeObject();
  for (const Json::Member& member : config.members()) {
    const bool shapeless =
        std::find(std::begin(kShapeless), std::end(kShapeless), member.first) != std::end(kShapeless);
    if (shapeless || member.second.is_null()) continue;
    const bool nested =
        member.first == "text_config" || member.first == "vision_config" || member.first == "audio_config";
    compact.AppendMember(member.first, nested ? CompactModel(member.second) : member.second);
  }
  return compact;
}

HubVisit::HubVisit(std::string_view name, std::string_view revision) : repository_(HubRepository(name)) {
  revision_ = revision.empty() ? RevisionInName(name) : std::string(revision);
  if (revision_.empty()) revision_ = "main";
  const size_t colon = name.rfind(':');
  if (colon != std::string_view::npos && name.find('/', colon) == std::string_view::npos)
    tag_ = std::string(name.substr(colon + 1));
  if (name.ends_with(".gguf")) tag_ = std::string(name.substr(name.find_last_of('/') + 1));
  if (repository_.empty()) Refuse(Quoted(name), "a repository's name such as Org/Repo");
  if (!IsRevision(revision_)) Refuse("a revision " + Quoted(revision_), "a branch, tag or commit");
}

void HubVisit::Refuse(std::string given, std::string accepted) {
  if (step_ == Step::kDone) return;
  result_ = Error{"model", std::move(given), std::move(accepted)};
  step_ = Step::kDone;
}

std::string HubVisit::Resolved(std::string_view file) const {
  return "/" + repository_ + "/resolve/" + revision_ + "/" + Escaped(file);
}

std::optional<HubRequest> HubVisit::Next() const {
  switch (step_) {
    case Step::kList:
      return HubRequest{"/api/models/" + repository_ + "/revision/" + revision_ + "?blobs=true", 0};
    case Step::kConfig:
      return HubRequest{Resolved("config.json"), 0};
    case Step::kParams:
      return HubRequest{Resolved("params.json"), 0};
    case Step::kQuantization:
      return HubRequest{Resolved("hf_quant_config.json"), 0};
    case Step::kWeights:
    case Step::kHeader:
      return HubRequest{Resolved(header_.path), whole_ ? 0 : header_bytes_};
    case Step::kDone:
      break;
  }
  return std::nullopt;
}

void HubVisit::Take(const HubReply& reply) {
  if (step_ == Step::kWeights) return TakeWeights(reply);
  if (step_ == Step::kDone || RefuseStatus(reply)) return;
  switch (step_) {
    case Step::kList:
      return TakeList(reply);
    case Step::kConfig:
      return TakeConfig(reply);
    case Step::kParams:
      return TakeParams(reply);
    case Step::kQuantization:
      return TakeQuantization(reply);
    case Step::kHeader:
      return TakeHeader(reply);
    case Step::kWeights:
    case Step::kDone:
      break;
  }
}

// Every way not to get a file, in words that say what to do.
bool HubVisit::RefuseStatus(const HubReply& reply) {
  if (reply.status == 200 || reply.status == 206) return false;
  const std::string name = Quoted(repository_);
  if (reply.status == 0) {
    Refuse(name + ", for the hub does not answer" + (reply.trouble.empty() ? "" : " (" + reply.trouble + ")"),
           "a catalog id, a file or a folder, or try again with a network");
  } else if (reply.status == 401 || reply.status == 403) {
    // The hub says the same of a repository that is not there and of one that is private.
    Refuse(name + ", which is gated, private or not there",
           "a token that may read it (HF_TOKEN in the environment, or the page's field), or its config.json");
  } else if (reply.status == 404) {
    Refuse(name + ", which the hub does not have" +
               (revision_ == "main" ? "" : " at revision " + Quoted(revision_)),
           "the name of a repository there");
  } else if (reply.status == 429) {
    Refuse(name + " now, for the hub asks to wait (too many requests)", "it again later, or a token");
  } else {
    Refuse(name + ", for the hub answered with HTTP " + std::to_string(reply.status), "it again later");
  }
  return true;
}

const HubFile* HubVisit::FileNamed(std::string_view path) const {
  const auto found =
      std::find_if(files_.begin(), files_.end(), [&](const HubFile& file) { return file.path == path; });
  return found == files_.end() ? nullptr : &*found;
}

std::vector<HubFile> HubVisit::Ggufs() const {
  std::vector<HubFile> found;
  for (const HubFile& file : files_) {
    if (IsModelGguf(file.path) && found.size() < kMostGgufs) found.push_back(file);
  }
  return found;
}

// By its tag, else as llama.cpp chooses (common/download.cpp): Q4_K_M, then Q8_0, then the first.
bool HubVisit::ChooseGguf() {
  const HubFile* chosen = nullptr;
  std::vector<std::string> wanted = {"q4_k_m", "q8_0", ""};
  if (!tag_.empty()) wanted = {Lower(tag_)};
  for (const std::string& word : wanted) {
    for (const HubFile& file : files_) {
      if (!IsModelGguf(file.path) || Lower(file.path).find(word) == std::string::npos) continue;
      // "Q4_K" is also in "Q4_K_M": the shortest name says just what was asked for.
      if (chosen == nullptr || file.path.size() < chosen->path.size()) chosen = &file;
    }
    if (chosen != nullptr) break;
  }
  if (chosen == nullptr) return false;
  header_ = *chosen;
  return true;
}

void HubVisit::TakeList(const HubReply& reply) {
  Result<Json> json = Json::Parse(reply.body, "hub", kReplyLimits);
  if (!json.ok() || !json->is_object())
    return Refuse(Quoted(repository_) + ", for the hub's answer is no list of files", "another hub (--hub)");
  const Json* sha = json->Find("sha");
  if (sha != nullptr && IsRevision(sha->AsString())) revision_ = sha->AsString();
  const Json* siblings = json->Find("siblings");
  const Json none = Json::MakeArray();
  for (const Json& item : (siblings == nullptr ? none : *siblings).items()) {
    const Json* path = item.Find("rfilename");
    const Json* size = item.Find("size");
    if (path == nullptr || !IsPlainPath(path->AsString()) || files_.size() >= kMostFiles) continue;
    files_.push_back({path->AsString(), size == nullptr ? -1 : size->AsInt().value_or(-1)});
  }
  dtype_ = DtypeOfCounts(json->Find("safetensors"));
  const bool gguf_asked = !tag_.empty();
  if (!gguf_asked && Has("config.json")) {
    step_ = Step::kConfig;
  } else if (!gguf_asked && Has("params.json")) {
    step_ = Step::kParams;
  } else if (ChooseGguf()) {
    step_ = Step::kHeader;
  } else if (gguf_asked) {
    std::string names;
    for (const HubFile& file : files_) {
      if (IsModelGguf(file.path) && names.size() < 300) names += (names.empty() ? "" : ", ") + file.path;
    }
    Refuse(Quoted(repository_ + ":" + tag_),
           names.empty() ? "a repository with GGUF files" : "one of " + names);
  } else {
    Refuse(Quoted(repository_) + ", which holds no model (no config.json, params.json or GGUF)",
           "a model's repository");
  }
}

void HubVisit::TakeConfig(const HubReply& reply) {
  Result<Json> json = Json::Parse(reply.body, "config.json", kReplyLimits);
  if (!json.ok()) return Refuse(Quoted(repository_) + ", whose config.json is no JSON", "another revision");
  if (!json->is_object() || (!json->Has("model_type") && !json->Has("architectures"))) {
    // Adapters and pipelines have one, too.
    if (ChooseGguf()) {
      step_ = Step::kHeader;
      return;
    }
    return Refuse(
        Quoted(repository_) + ", which is not a language model (its config.json names no architecture)",
        "a model's repository");
  }
  model_ = CompactModel(*json);
  if (!dtype_.empty() && !TellsDtype(model_)) model_.Set("torch_dtype", dtype_);
  if (!model_.Has("quantization_config") && Has("hf_quant_config.json")) {
    step_ = Step::kQuantization;
    return;
  }
  LookAtWeights();
}

void HubVisit::TakeParams(const HubReply& reply) {
  Result<Json> json = Json::Parse(reply.body, "params.json", kReplyLimits);
  if (!json.ok() || !json->Has("dim"))
    return Refuse(Quoted(repository_) + ", whose params.json is no model's", "a model's repository");
  model_ = ConfigOfParams(*json);
  LookAtWeights();
}

void HubVisit::TakeQuantization(const HubReply& reply) {
  Result<Json> json = Json::Parse(reply.body, "hf_quant_config.json", kReplyLimits);
  if (json.ok() && json->is_object()) model_.Set("quantization_config", std::move(*json));
  LookAtWeights();
}

// The index names every tensor and the sum of their bytes; of a single file the header does.
void HubVisit::LookAtWeights() {
  const HubFile* only = nullptr;
  int shards = 0;
  for (const HubFile& file : files_) {
    if (file.path.find('/') != std::string::npos || !file.path.ends_with(".safetensors")) continue;
    only = &file;
    ++shards;
  }
  const HubFile* index = FileNamed("model.safetensors.index.json");
  whole_ = index != nullptr;
  if (index != nullptr && index->size <= kMostIndex) {
    header_ = *index;
  } else if (index == nullptr && shards == 1) {
    header_ = *only;
  } else {
    return Finish();
  }
  step_ = Step::kWeights;
}

void HubVisit::TakeWeights(const HubReply& reply) {
  if (reply.status != 200 && reply.status != 206) return Finish();
  Result<ModelFile> file = ReadModelFile({{header_.path, reply.body, header_.size}});
  if (!file.ok()) return Finish();
  if (file->needed_bytes > 0) {
    const bool more = !whole_ && file->needed_bytes > header_bytes_ && file->needed_bytes <= kMostHeader &&
                      static_cast<int64_t>(reply.body.size()) >= header_bytes_;
    if (!more) return Finish();
    header_bytes_ = file->needed_bytes;
    return;
  }
  file_ = std::move(*file);
  Finish();
}

void HubVisit::TakeHeader(const HubReply& reply) {
  const Result<ModelFile> file = ReadModelFile({{header_.path, reply.body, header_.size}});
  if (!file.ok()) return Refuse(Quoted(header_.path) + " of " + Quoted(repository_), file.error().accepted);
  if (file->needed_bytes > 0) {
    const bool more = file->needed_bytes > header_bytes_ && file->needed_bytes <= kMostHeader &&
                      static_cast<int64_t>(reply.body.size()) >= header_bytes_;
    if (!more)
      return Refuse(Quoted(header_.path) + " of " + Quoted(repository_), "a file with its whole header");
    header_bytes_ = file->needed_bytes;
    return;
  }
  const std::optional<Config> told = ConfigOfFile(*file);
  if (!told)
    return Refuse(Quoted(header_.path) + " of " + Quoted(repository_), "a GGUF file of a language model");
  HubModel model;
  model.config = *told;
  model.gguf = header_.path;
  model_ = told->inline_model;
  file_ = *file;
  result_ = std::move(model);
  Finish();
}

void HubVisit::Finish() {
  HubModel model;
  if (result_.ok()) model = result_.value();
  // Under the keys that the hub's own library keeps them: a link says where its model is from.
  model_.Set("_name_or_path", repository_).Set("_commit_hash", revision_);
  model.config.inline_model = model_;
  model.revision = revision_;
  model.ggufs = Ggufs();
  if (file_) model.file_name = header_.path;
  model.file = std::move(file_);
  model.diagnostics.push_back({"model_from_hub", Severity::kInfo,
                               "The model is that of " + repository_ + " at revision " +
                                   revision_.substr(0, 12) +
                                   (model.gguf.empty() ? "" : ", file " + model.gguf) + ".",
                               ""});
  if (model.ggufs.size() > 1 && !model.gguf.empty()) {
    model.diagnostics.push_back({"gguf_files", Severity::kInfo,
                                 repository_ + " has " + std::to_string(model.ggufs.size()) +
                                     " GGUF files; another is chosen by its type behind a colon, as in " +
                                     repository_ + ":Q8_0.",
                                 ""});
  }
  result_ = std::move(model);
  step_ = Step::kDone;
}

Json HubModelJson(HubModel model) {
  Json json = Json::MakeObject();
  const Json* repository = model.config.inline_model.Find("_name_or_path");
  json.AppendMember("repository", repository == nullptr ? Json("") : *repository);
  json.AppendMember("revision", model.revision);
  json.AppendMember("config", EncodeConfigJson(model.config));
  Json ggufs = Json::MakeArray();
  for (const HubFile& file : model.ggufs) {
    Json row = Json::MakeObject();
    row.AppendMember("path", file.path);
    row.AppendMember("size", file.size);
    ggufs.Append(std::move(row));
  }
  json.AppendMember("ggufs", std::move(ggufs));
  json.AppendMember("gguf", model.gguf);
  Json remarks = Json::MakeArray();
  for (const Diagnostic& diagnostic : model.diagnostics) remarks.Append(diagnostic.message);
  json.AppendMember("remarks", std::move(remarks));
  Json file;
  if (model.file) file = ReadFileToJson(CountFile(std::move(*model.file))).Set("name", model.file_name);
  json.AppendMember("file", std::move(file));
  return json;
}

}  // namespace plimsoll
