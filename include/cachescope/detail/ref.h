// Ref: shared ownership of a series or a family by handles. Copying is one atomic add. There is no move on purpose:
// a moved-from handle would be a handle without cells.
#pragma once

namespace cachescope::client {
struct Series;
class FamilyCore;
void Retain(Series* series) noexcept;
void Release(Series* series) noexcept;
void Retain(FamilyCore* family) noexcept;
void Release(FamilyCore* family) noexcept;
}  // namespace cachescope::client

namespace cachescope::detail {

template <class T>
class Ref {
 public:
  Ref() noexcept = default;
  /// Takes over a reference the caller owns.
  explicit Ref(T* owned) noexcept : object_(owned) {}
  Ref(const Ref& other) noexcept : object_(other.object_) {
    if (object_ != nullptr) client::Retain(object_);
  }
  Ref& operator=(const Ref& other) noexcept {
    if (other.object_ != nullptr) client::Retain(other.object_);
    if (object_ != nullptr) client::Release(object_);
    object_ = other.object_;
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) client::Release(object_);
  }

  T* get() const noexcept { return object_; }

 private:
  T* object_ = nullptr;
};

}  // namespace cachescope::detail
