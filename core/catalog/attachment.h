// A place in the catalog where a later room keeps what it derives from an entry: whoever asks first makes it,
// everybody after finds it. Safe from several threads.
#ifndef PLIMSOLL_CORE_CATALOG_ATTACHMENT_H_
#define PLIMSOLL_CORE_CATALOG_ATTACHMENT_H_

#include <atomic>
#include <memory>

namespace plimsoll {

class Attachment {
 public:
  struct Value {
    virtual ~Value() = default;
  };

  Attachment() = default;
  ~Attachment() { delete value_.load(); }
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

  // nullptr: nobody has made one yet.
  const Value* Find() const { return value_.load(std::memory_order_acquire); }
  // The first one that is kept wins and is returned.
  const Value* Keep(std::unique_ptr<const Value> value) const {
    const Value* expected = nullptr;
    if (!value_.compare_exchange_strong(expected, value.get(), std::memory_order_acq_rel)) return expected;
    return value.release();
  }

 private:
  mutable std::atomic<const Value*> value_{nullptr};
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_ATTACHMENT_H_
