// What can I run, and what do I need: every configuration that meets some wishes, cheapest first.
//
// Two doors, one table. Cards first: each model of the catalog in the format with the most bits that meets the wishes on
// these cards. Model first: each kind and number of cards, in each format, with the layout that serves the wishes with the
// fewest cards. Where one instance does not hold all users, as many replicas are counted as do; "fits" means here that all
// users have room at once, each with a sequence of the length wished for.
//
// A search is a list of candidates, each worth a few dozen estimates at most; Advance() works on some of them, so that a
// page can go on between frames.
#ifndef PLIMSOLL_CORE_SOLVE_FIND_H_
#define PLIMSOLL_CORE_SOLVE_FIND_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/catalog/model_filter.h"
#include "core/catalog/rent_prices.h"
#include "core/config/config.h"
#include "core/resolve/inquiry.h"
#include "core/resolve/report.h"

namespace plimsoll {

// What an answer must keep. Absent: no matter.
struct Wishes {
  int64_t users = 1;  // at once
  std::optional<int64_t>
      max_model_len;  // tokens of each; absent: the configuration's, else 8,192 or the model's own
  std::optional<double> ttft_ms;       // first token within
  std::optional<double> tokens_per_s;  // for each user
  std::optional<double> price_per_h;   // US dollars, all cards
  std::optional<double> watts;         // of all cards at their limit
  friend bool operator==(const Wishes&, const Wishes&) = default;
};
constexpr int64_t kUsualWishedLength = 8192;

// What can exclude a candidate, in the order in which it is looked at.
enum class Wish : uint8_t { kMemory, kFirstToken, kTokensPerSecond, kPrice, kPower };
constexpr int kWishes = 5;
std::string_view WishName(Wish wish);  // "memory", "ttft_ms", "tokens_per_s", "price_per_h", "watts"

// What is asked: `base` holds what every answer shares (engine, cache type, load …); its own model, format and cards are
// used where the lists are empty.
struct FindQuestion {
  Config base;
  std::vector<std::string> models;   // ids; empty and no model in `base`: all of the catalog
  std::vector<std::string> gpus;     // ids; empty and no card in `base`: all of the catalog that have a price
  std::vector<std::string> formats;  // ids; empty and no format in `base`: those that people choose among
  std::vector<int64_t>
      counts;  // cards of one instance; empty and no count in `base`: 1, 2, 4, 8, and 16 as nodes of 8
  std::vector<std::string> engines;  // ids; empty: that of `base`. Each reads the formats that it can
  ModelFilter filter;                // of the catalog's models
  Wishes wishes;
  RentPrices rents;  // where they are not the catalog's
  bool best_format =
      false;  // one row for a model: in the format with the most bits that serves; always so without a model
};

struct FindRow {
  Config config;  // of one instance, with its share of the users as its load
  std::string model, gpu, format;
  int64_t cards = 0;     // of one instance
  int64_t replicas = 1;  // instances that all users need
  int64_t users = 0;     // that all of them hold at that length
  int64_t max_model_len = 0;
  int64_t longest = 0;             // that one sequence may become on these cards
  double room = 0;                 // sequences of max_model_len that all of them have room for
  double decode_tokens_per_s = 0;  // for each user
  double decode_low = 0, decode_high = 0;
  double tokens_per_s_total = 0;  // of all replicas
  double ttft_ms = 0;
  double price_per_h = 0;     // all replicas; zero: unknown
  double price_per_mtok = 0;  // of output at that load; zero: unknown
  double price_to_buy = 0;    // zero: unknown
  double watts = 0;           // all replicas
  double bits_per_weight = 0;
  int64_t total_params = 0;
  Bytes weights;  // of the checkpoint
  Verdict verdict = Verdict::kFits;
};

struct FindAnswer {
  std::vector<FindRow>
      rows;  // cheapest first; of equal price the larger model, then more bits, then the faster one
  int64_t candidates = 0;  // looked at
  // Ids of models that the filter asks something about that is not known of them; they are not looked at.
  std::vector<std::string> not_known;
  std::array<int64_t, kWishes> excluded{};  // by each wish that failed first
  std::optional<Wish> binding;              // the one that excluded most
  // What the answer would be without the binding wish; nothing where it excluded none.
  int64_t more_without = 0;
  double cheapest_without = 0;  // US dollars an hour; zero: unknown
};

// An Error for a question that is not understood, or that names neither cards nor a model.
class Finder {
 public:
  static Result<Finder> Start(const FindQuestion& question, const Catalog& catalog);

  // Works on at most so many candidates; true when all have been looked at.
  bool Advance(int64_t candidates);
  int64_t total() const { return static_cast<int64_t>(candidates_.size()); }
  int64_t done() const { return next_; }
  // Why the search ended before its end: patterns of `base` that take more work than one answer may.
  const std::optional<Error>& stopped() const { return stopped_; }
  // REQUIRES: Advance() has returned true.
  FindAnswer Take();

 private:
  struct Candidate {
    std::string model, gpu;
    int64_t cards = 1;
    size_t engine = 0;                 // of `bases_`
    std::vector<std::string> formats;  // most bits first; with `best_format` the first that serves is taken
  };
  Finder(const FindQuestion& question, const Catalog& catalog) : question_(question), catalog_(&catalog) {}
  // Those that pass the filter; what it asks and is not known goes to the answer.
  std::vector<std::string> Filter(const std::vector<std::string>& models, bool skip_refused);
  std::optional<Error> AddCandidates(const std::string& model, size_t engine);
  void Look(const Candidate& candidate);

  FindQuestion question_;
  std::vector<Config> bases_;                                       // `base` for each engine
  std::unique_ptr<Inquiry> inquiry_ = std::make_unique<Inquiry>();  // of the whole search
  const Catalog* catalog_;
  bool best_format_ = false;  // cards first: one row for each model
  std::vector<Candidate> candidates_;
  int64_t next_ = 0;
  std::optional<Error> stopped_;
  FindAnswer answer_;
  std::array<std::vector<double>, kWishes> prices_without_;  // of candidates that this wish alone excluded
};

Result<FindAnswer> Find(const FindQuestion& question, const Catalog& catalog);

// The engines whose whole memory is modelled: what "any engine" means.
std::vector<std::string> ModelledEngines();

// "40 × RTX 4090 = 5 replicas of tp 8"; one instance: "tp 8" or "2 × H100".
std::string LayoutText(const FindRow& row, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SOLVE_FIND_H_
