// What the words on the page mean: docs/glossary.md in a sentence each. The keys of the configuration explain themselves in
// their table.
#include <algorithm>
#include <array>
#include <utility>

#include "core/config/config_keys.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 33> kWords = {{
    {"Weights", "The model's parameters as the engine holds them on one card."},
    {"KV cache",
     "Keys and values of the tokens so far. It grows with context and with the sequences that run."},
    {"Activation", "The most that one step holds beside weights and cache while it computes."},
    {"Compute buffer", "What a step computes in: one buffer, laid out before the start."},
    {"CUDA graphs", "Steps recorded once for each batch size. They save time at every step and keep memory."},
    {"CUDA context",
     "What the driver keeps on a card for every program, outside the engine's own accounting."},
    {"Non-torch memory", "What libraries hold outside PyTorch's allocator."},
    {"Runtime", "What driver and libraries hold on a card."},
    {"Recurrent state",
     "What Mamba and linear attention carry instead of a cache: one size, whatever the length."},
    {"RoPE tables", "Cosines and sines of the positions, kept on every card."},
    {"Beside the share", "What the engine takes outside the share that it was given."},
    {"In all", "Everything that the fullest card holds."},
    {"Context", "The longest sequence, prompt and answer together, that must have room."},
    {"Users at once", "How many ask at the same time. Speed, Find and the verdict are for all of them."},
    {"Sequences at most", "How many requests the engine lets run side by side; further ones wait."},
    {"First token within, s", "The longest wait for the first word of an answer."},
    {"Each user at least, tok/s", "The slowest stream that anybody may get."},
    {"Budget, $ per hour", "The most that all cards together may cost, at the prices of the table."},
    {"Power of the cards, W", "The most that all cards together may draw at their limit."},
    {"Format", "How the weights are stored: fewer bits take less room and lose some quality."},
    {"KV cache type", "How keys and values are stored: 8 bits halve the cache."},
    {"GPU count and parallelism", "How many cards, and how the model is spread over them."},
    {"Decode, each user", "Tokens per second that one user reads while the others are served, too."},
    {"Decode, all users", "Tokens per second of all users together."},
    {"Prefill", "Tokens per second at which a prompt is read."},
    {"First token", "From the request to the first word of the answer."},
    {"Served", "Requests that were finished per second."},
    {"Goodput", "Requests per second that met their limits."},
    {"Prompt cache", "Beginnings of prompts that were computed once and found again."},
    {"Time to first token", "From a request's arrival to its first token."},
    {"Time per output token", "Between one token and the next, on average over an answer."},
    {"Most users", "The most users for whom nine of ten requests keep the limits."},
    {"Highest rate", "The most requests per second of which nine of ten keep the limits."},
}};

}  // namespace

std::string_view HelpOn(std::string_view label) {
  for (const auto& [word, meaning] : kWords) {
    if (word == label) return meaning;
  }
  for (const ConfigKey& key : ConfigKeys()) {
    if (key.label == label) return key.help;
  }
  // "KV cache pool", "CUDA graphs, outside the budget"
  for (const auto& [word, meaning] : kWords) {
    if (label.rfind(word, 0) == 0) return meaning;
  }
  return {};
}

}  // namespace plimsoll
