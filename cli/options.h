// A subcommand's own options, taken out of its arguments; what remains are configuration flags.
#ifndef PLIMSOLL_CLI_OPTIONS_H_
#define PLIMSOLL_CLI_OPTIONS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "core/base/result.h"
#include "core/base/text.h"
#include "core/config/config.h"
#include "core/config/config_codec.h"
#include "core/files/model_file.h"

namespace plimsoll {

struct OptionNames {
  std::vector<std::string_view> switches;    // "--json"
  std::vector<std::string_view> with_value;  // "--for"
  bool positional = false;                   // words that are no flag's value are kept
};

class Options {
 public:
  static Result<Options> Take(const Arguments& arguments, const OptionNames& names);

  bool Has(std::string_view name) const { return values_.find(name) != values_.end(); }
  // Empty when absent.
  std::string Value(std::string_view name) const;
  const Arguments& rest() const { return rest_; }
  const Arguments& positional() const { return positional_; }
  SizeUnits units() const { return Has("--gb") ? SizeUnits::kDecimal : SizeUnits::kBinary; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
  Arguments rest_;
  Arguments positional_;
};

// The configuration that --url, --config and flags describe together: flags win over the file, the file over
// the link. `--model FILE.json` reads a Hugging Face config.json, `--model FILE.gguf` (or all its parts,
// A,B,…) a GGUF's header. Names of models, cards and formats become ids.
Result<DecodedConfig> ReadConfig(const Options& options, const CommandContext& context);

// The model files A,B,…, each read as far as its header reaches; the error's field is `field`.
Result<ModelFile> ReadModelFiles(const std::string& list, std::string_view field,
                                 const CommandContext& context);

// Parses a JSON file; the error's field is `field`.
Result<Json> ReadJsonFile(const std::string& path, std::string_view field, const CommandContext& context);

}  // namespace plimsoll

#endif  // PLIMSOLL_CLI_OPTIONS_H_
