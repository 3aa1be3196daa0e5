#pragma once
// Intrusive reference counting: one word in the object, one word in the handle.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace eps {

/// The base of everything shared. The last release() calls dispose(), which a class may override:
/// graph nodes destroy their inputs in a loop, since a chain of a million must not recurse.
class RefCounted {
public:
    RefCounted() = default;
    RefCounted(const RefCounted&) = delete;
    RefCounted& operator=(const RefCounted&) = delete;
    void retain() const noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        // A sole owner needs no atomic subtraction: no other thread has a handle.
        if (count_.load(std::memory_order_acquire) == 1 ||
            count_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            dispose();
    }
    bool unique() const noexcept { return count_.load(std::memory_order_acquire) == 1; }

    // A training step makes and drops thousands of tensors, storages and nodes of a few sizes, so
    // each thread keeps a pool of free blocks (ref.cpp).
    static void* operator new(std::size_t bytes);
    static void operator delete(void* block, std::size_t bytes) noexcept;

protected:
    virtual ~RefCounted() = default;
    virtual void dispose() noexcept { delete this; }

private:
    mutable std::atomic<std::uint32_t> count_{0};
};

/// A counted handle to a T derived from RefCounted.
template <class T> class Ref {
public:
    Ref() = default;
    explicit Ref(T* object) : object_(object) {
        if (object_) object_->retain();
    }
    Ref(const Ref& other) : Ref(other.object_) {}
    template <class U>
    Ref(Ref<U> other) noexcept requires(std::is_convertible_v<U*, T*>) : object_(other.detach()) {}
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Ref& operator=(Ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Ref() {
        if (object_) object_->release();
    }
    /// Gives up the object without releasing it.
    T* detach() noexcept { return std::exchange(object_, nullptr); }
    T* get() const noexcept { return object_; }
    T* operator->() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }
    friend bool operator==(const Ref&, const Ref&) = default;

private:
    T* object_ = nullptr;
};

template <class T, class... Args> Ref<T> make_ref(Args&&... args) {
    return Ref<T>(new T(std::forward<Args>(args)...));
}

}  // namespace eps
