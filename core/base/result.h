// Errors are values. Every function of the core that can refuse its input returns a Result; the Error in it
// names the field (a path into the input), what was given and what is accepted, so that one line tells the
// reader what to change. A Diagnostic is a remark about a configuration that was understood.
#ifndef PLIMSOLL_CORE_BASE_RESULT_H_
#define PLIMSOLL_CORE_BASE_RESULT_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plimsoll {

struct Error {
  std::string field;     // "tp", "model.num_hidden_layers", "--gpu"
  std::string given;     // what stood there, shortened to one line
  std::string accepted;  // what would have been accepted

  // One line: `tp cannot be "three"; give a whole number from 1 to 4096`, `model is missing; give …`.
  std::string Message() const;
};

enum class Severity { kInfo, kWarning, kError };

struct Diagnostic {
  std::string code;  // stable, snake_case: "tp_does_not_divide_heads"
  Severity severity = Severity::kInfo;
  std::string message;
  std::string fix;  // what to change; empty when nothing helps
};

// A value or an Error. REQUIRES: ok() before value() or *; !ok() before error().
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  const T& value() const& { return *value_; }
  T& value() & { return *value_; }
  T&& value() && { return std::move(*value_); }
  const T& operator*() const& { return *value_; }
  T& operator*() & { return *value_; }
  const T* operator->() const { return &*value_; }
  T* operator->() { return &*value_; }
  const Error& error() const { return error_; }

 private:
  std::optional<T> value_;
  Error error_;
};

// Shortens hostile text for an error line: one line, printable, at most 80 characters.
std::string Quoted(std::string_view text);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_RESULT_H_
