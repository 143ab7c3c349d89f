// What the option tables of all engines share: how values are read into a Config and written from one.
#ifndef PLIMSOLL_CORE_ENGINES_OPTION_READERS_H_
#define PLIMSOLL_CORE_ENGINES_OPTION_READERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/engines/engine_options.h"

namespace plimsoll {

// How an engine reads sizes with a suffix.
enum class SizeRule : uint8_t {
  kPlain,   // none
  kCased,   // vLLM: k m g t are powers of 1000, K M G T of 1024
  kBinary,  // SGLang: k M G are powers of 1000, Ki Mi Gi of 1024
};
std::optional<int64_t> ReadSize(std::string_view text, SizeRule rule);

// Reads one use into `reading`, by the row's own reader or as the text of its key.
std::optional<Error> ReadUse(const EngineOption& option, const OptionUse& use, OptionReading* reading);

// "true", "1", "on", "" and their opposites.
std::optional<bool> ReadTruth(std::string_view text);
Error NotTaken(const OptionUse& use, std::string_view accepted);

// ReadOption of rows. Those with a key set it.
std::optional<Error> ReadSwitch(const EngineOption& option, const OptionUse& use, OptionReading* reading);
std::optional<Error> ReadInverted(const EngineOption& option, const OptionUse& use, OptionReading* reading);
std::optional<Error> ReadCasedSize(const EngineOption& option, const OptionUse& use, OptionReading* reading);
std::optional<Error> ReadBinarySize(const EngineOption& option, const OptionUse& use, OptionReading* reading);
std::optional<Error> ReadModel(const EngineOption& option, const OptionUse& use, OptionReading* reading);
std::optional<Error> ReadModelFile(const EngineOption& option, const OptionUse& use, OptionReading* reading);
std::optional<Error> ReadServedName(const EngineOption& option, const OptionUse& use, OptionReading* reading);
std::optional<Error> ReadQuantization(const EngineOption& option, const OptionUse& use,
                                      OptionReading* reading);
std::optional<Error> ReadDtype(const EngineOption& option, const OptionUse& use, OptionReading* reading);
std::optional<Error> ReadKvType(const EngineOption& option, const OptionUse& use, OptionReading* reading);
std::optional<Error> ReadVisible(const EngineOption& option, const OptionUse& use, OptionReading* reading);
std::optional<Error> ReadExpertRanks(const EngineOption& option, const OptionUse& use,
                                     OptionReading* reading);
std::optional<Error> ReadLora(const EngineOption& option, const OptionUse& use, OptionReading* reading);
std::optional<Error> ReadMaxLoras(const EngineOption& option, const OptionUse& use, OptionReading* reading);
std::optional<Error> ReadLoraRank(const EngineOption& option, const OptionUse& use, OptionReading* reading);
std::optional<Error> ReadDraftModel(const EngineOption& option, const OptionUse& use, OptionReading* reading);
std::optional<Error> ReadDraftMethod(const EngineOption& option, const OptionUse& use,
                                     OptionReading* reading);
std::optional<Error> ReadDraftFormat(const EngineOption& option, const OptionUse& use,
                                     OptionReading* reading);
std::optional<Error> ReadDraftTokens(const EngineOption& option, const OptionUse& use,
                                     OptionReading* reading);
// A model's config as an option changes it: {"rope_scaling": {…}}, {"text_config": {"rope_parameters": {…}}} or a new
// length; or the object of the scaling alone. Of all else the note says that it is not modelled.
std::optional<Error> ReadModelOverrides(const EngineOption& option, const OptionUse& use,
                                        OptionReading* reading);
std::optional<Error> ReadRopeObject(const EngineOption& option, const OptionUse& use, OptionReading* reading);
// A member of `workload` with the option's name, and `_` for `-`: what an engine is told of admission.
std::optional<Error> ReadWorkloadMember(const EngineOption& option, const OptionUse& use,
                                        OptionReading* reading);
// Keeps the option's first name, or its value, for the engine's `finish`.
std::optional<Error> ReadChoice(const EngineOption& option, const OptionUse& use, OptionReading* reading);
bool HasChoice(const OptionReading& reading, std::string_view name);

// WriteOption of rows.
std::string WriteKey(const EngineOption& option, const LaunchSubject& subject);  // as its text
std::string WriteWorkloadMember(const EngineOption& option, const LaunchSubject& subject);
std::string WriteInverted(const EngineOption& option, const LaunchSubject& subject);  // of a switch
std::string WriteTrue(const EngineOption& option, const LaunchSubject& subject);  // a flag that is only on
std::string WriteRopeObject(const EngineOption& option, const LaunchSubject& subject);
std::string WriteOne(const EngineOption& option,
                     const LaunchSubject& subject);  // "1" of a variable that is only on
std::string WriteTp(const EngineOption& option, const LaunchSubject& subject);
std::string WritePp(const EngineOption& option, const LaunchSubject& subject);
std::string WriteDp(const EngineOption& option, const LaunchSubject& subject);
std::string WriteLora(const EngineOption& option, const LaunchSubject& subject);
std::string WriteMaxLoras(const EngineOption& option, const LaunchSubject& subject);
std::string WriteLoraRank(const EngineOption& option, const LaunchSubject& subject);

// Makes the model, its format and the draft of the names that were read, adapters of their numbers. Engines'
// `finish` comes after it. False: the model has a name that the catalog does not know.
bool ResolveNames(OptionReading* reading);

// Cards by degrees of parallelism, for engines that start as many ranks as they are told: absent degrees are
// 1, and a node has the cards that are visible, or those that the ranks need.
void CountRanks(OptionReading* reading);

// How a checkpoint in a 16 or 32 bit format becomes another by the type of plain weights: "half" is fp16.
// Empty: no such type.
std::string_view FormatOfDtypeName(std::string_view dtype);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OPTION_READERS_H_
