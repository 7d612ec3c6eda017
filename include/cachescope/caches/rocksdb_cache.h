// RocksdbCache: RocksDB's sharded in-memory cache (rocksdb::NewLRUCache, NewClockCache, …) as a cache of strings to
// values of one type. The program links rocksdb (7.x) itself; no database is opened.
//
//   caches::RocksdbCache<User> users(rocksdb::NewLRUCache(64 << 20));
//   auto cache = caches::Instrument(registry, {.name = "users"}, users);
//   cache.Set("42", User{…}, sizeof(User));         // the last argument is the charge in bytes
//   if (auto user = cache.Get("42")) user->name;    // pinned: not destroyed while it is held
//
// Thread-safe, as the cache below. What leaves other than by a call of this class counts as evicted. The rocksdb::Cache
// must hold nothing else and be used by nothing else; entries still pinned must be let go before it ends.
#pragma once

#include <rocksdb/cache.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "cachescope/caches/cache_concept.h"
#include "cachescope/caches/outcome.h"

namespace cachescope::caches {

template <class Value>
class RocksdbCache {
  struct Shared;
  struct Node;

 public:
  static constexpr bool kConcurrent = true;

  explicit RocksdbCache(std::shared_ptr<rocksdb::Cache> cache) : cache_(std::move(cache)) {}
  RocksdbCache(const RocksdbCache&) = delete;
  RocksdbCache& operator=(const RocksdbCache&) = delete;
  ~RocksdbCache() {
    SetRemovalObserver(nullptr);
    Clear();
  }

  /// A value held in the cache. Null on a miss.
  class Pinned {
   public:
    Pinned() noexcept = default;
    Pinned(Pinned&& other) noexcept : cache_(other.cache_), handle_(std::exchange(other.handle_, nullptr)) {}
    Pinned& operator=(Pinned&& other) noexcept {
      std::swap(cache_, other.cache_);
      std::swap(handle_, other.handle_);
      return *this;
    }
    ~Pinned() {
      if (handle_ != nullptr) cache_->Release(handle_);
    }

    explicit operator bool() const noexcept { return handle_ != nullptr; }
    const Value& operator*() const noexcept { return static_cast<Node*>(cache_->Value(handle_))->value; }
    const Value* operator->() const noexcept { return &**this; }

   private:
    friend class RocksdbCache;
    Pinned(rocksdb::Cache* cache, rocksdb::Cache::Handle* handle) noexcept : cache_(cache), handle_(handle) {}

    rocksdb::Cache* cache_ = nullptr;
    rocksdb::Cache::Handle* handle_ = nullptr;
  };

  Pinned Get(std::string_view key) { return Pinned(cache_.get(), cache_->Lookup(Slice(key))); }

  /// `charge`: what the entry counts for in the cache's capacity, usually bytes. An entry that does not fit counts as
  /// evicted at once; kOutOfMemory if the cache refuses it.
  WriteResult Set(std::string_view key, Value value, std::size_t charge = sizeof(Value)) {
    auto node = std::make_unique<Node>(std::move(value), shared_);
    const Here here(RemovalCause::kReplaced, key, node.get());
    const rocksdb::Status status = cache_->Insert(Slice(key), node.get(), charge, &Delete);
    if (!status.ok()) return {CacheError::kOutOfMemory, 0};
    static_cast<void>(node.release());
    return {CacheError::kNone, 1};
  }
  void Erase(std::string_view key) {
    const Here here(RemovalCause::kErased, key, nullptr);
    cache_->Erase(Slice(key));
  }
  /// All entries that are not pinned.
  void Clear() {
    const Here here(RemovalCause::kCleared, {}, nullptr);
    cache_->EraseUnRefEntries();
  }

  /// The charge of all entries.
  std::size_t Bytes() const { return cache_->GetUsage(); }
  std::size_t Capacity() const { return cache_->GetCapacity(); }
  /// Entries now; those erased while pinned count until they are let go.
  std::size_t Size() const noexcept { return shared_->entries.load(std::memory_order_relaxed); }

  void SetRemovalObserver(std::function<void(RemovalCause)> observer) {
    const std::lock_guard lock(shared_->mu);
    shared_->observer = std::move(observer);
  }

 private:
  struct Shared {
    std::atomic<std::size_t> entries{0};
    std::mutex mu;
    std::function<void(RemovalCause)> observer;  // guarded by mu
  };
  struct Node {
    Node(Value v, std::shared_ptr<Shared> s) : value(std::move(v)), shared(std::move(s)) {
      shared->entries.fetch_add(1, std::memory_order_relaxed);
    }
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node() { shared->entries.fetch_sub(1, std::memory_order_relaxed); }

    Value value;
    std::shared_ptr<Shared> shared;
  };

  /// The call under way on this thread, which tells the deleter why an entry leaves: the cache itself does not say.
  class Here {
   public:
    Here(RemovalCause cause, std::string_view key, const Node* written) noexcept
        : outer_(current_), cause_(cause), key_(key), written_(written) {
      current_ = this;
    }
    Here(const Here&) = delete;
    Here& operator=(const Here&) = delete;
    ~Here() { current_ = outer_; }

    static RemovalCause CauseOf(std::string_view key, const Node* node) noexcept {
      if (current_ == nullptr) return RemovalCause::kErased;  // the last pin of an entry that had been taken out
      if (current_->cause_ == RemovalCause::kCleared) return RemovalCause::kCleared;
      // A full cache may refuse the new entry by evicting it at once.
      return current_->key_ == key && current_->written_ != node ? current_->cause_ : RemovalCause::kEvicted;
    }

   private:
    static inline thread_local const Here* current_ = nullptr;
    const Here* outer_;
    RemovalCause cause_;
    std::string_view key_;
    const Node* written_;
  };

  static rocksdb::Slice Slice(std::string_view key) noexcept { return {key.data(), key.size()}; }

  static void Delete(const rocksdb::Slice& key, void* value) {
    const std::unique_ptr<Node> node(static_cast<Node*>(value));
    const std::lock_guard lock(node->shared->mu);
    if (node->shared->observer) node->shared->observer(Here::CauseOf({key.data(), key.size()}, node.get()));
  }

  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  const std::shared_ptr<rocksdb::Cache> cache_;
};

template <class Value>
struct CacheTraits<RocksdbCache<Value>> : DefaultCacheTraits<RocksdbCache<Value>> {
  static double CapacityBytes(const RocksdbCache<Value>& cache) { return static_cast<double>(cache.Capacity()); }
};

}  // namespace cachescope::caches
