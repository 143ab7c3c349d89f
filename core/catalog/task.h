// What a model is for. One may be for several: it reads pictures and writes text.
#ifndef PLIMSOLL_CORE_CATALOG_TASK_H_
#define PLIMSOLL_CORE_CATALOG_TASK_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plimsoll {

enum class Task : uint8_t { kText, kCode, kImages, kAudio, kEmbedding, kReranking };
constexpr int kTasks = 6;
// "text", "code", "images", "audio", "embedding", "reranking"
constexpr std::array<std::string_view, kTasks> kTaskIds = {"text",  "code",      "images",
                                                           "audio", "embedding", "reranking"};

std::optional<Task> TaskNamed(std::string_view id);

// Some of them.
class Tasks {
 public:
  void Add(Task task) { bits_ = static_cast<uint8_t>(bits_ | (1U << static_cast<unsigned>(task))); }
  bool Has(Task task) const { return (bits_ >> static_cast<unsigned>(task) & 1U) != 0; }
  bool empty() const { return bits_ == 0; }
  friend bool operator==(const Tasks&, const Tasks&) = default;

 private:
  uint8_t bits_ = 0;
};

// "text, images"; for none "not known".
std::string TasksText(const Tasks& tasks);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_TASK_H_
