// Finds which of the usual names a cache type has. An implementation detail of cache_concept.h.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cachescope::caches::detail {

/// An iterator of a map: what find() of the standard containers gives. It becomes a pointer to the value, null at end.
template <class Cache, class It>
concept MapIterator = requires(Cache& cache, It it) {
  it->second;
  { it == cache.end() } -> std::convertible_to<bool>;
};

template <class Cache, class It>
auto PointerOf(Cache& cache, It it) {
  return it == cache.end() ? nullptr : &it->second;
}

#define CACHESCOPE_CALL(NAME)                                          \
  if constexpr (requires { cache.NAME(std::forward<Args>(args)...); }) \
    return cache.NAME(std::forward<Args>(args)...);                    \
  else

template <class Cache, class... Args>
decltype(auto) RawFind(Cache& cache, Args&&... args) {
  CACHESCOPE_CALL(Get)
  CACHESCOPE_CALL(get)
  CACHESCOPE_CALL(Find)
  CACHESCOPE_CALL(find)
  CACHESCOPE_CALL(Lookup)
  return cache.lookup(std::forward<Args>(args)...);
}

template <class Cache, class... Args>
decltype(auto) CallGet(Cache& cache, Args&&... args) {
  using Result = decltype(RawFind(cache, std::forward<Args>(args)...));
  if constexpr (MapIterator<Cache, std::remove_cvref_t<Result>>) {
    return PointerOf(cache, RawFind(cache, std::forward<Args>(args)...));
  } else {
    return RawFind(cache, std::forward<Args>(args)...);
  }
}

template <class Cache, class... Args>
decltype(auto) CallSet(Cache& cache, Args&&... args) {
  CACHESCOPE_CALL(Set)
  CACHESCOPE_CALL(set)
  CACHESCOPE_CALL(Put)
  CACHESCOPE_CALL(put)
  CACHESCOPE_CALL(insert_or_assign)
  CACHESCOPE_CALL(Insert)
  return cache.insert(std::forward<Args>(args)...);
}

template <class Cache, class... Args>
decltype(auto) CallErase(Cache& cache, Args&&... args) {
  CACHESCOPE_CALL(Erase)
  CACHESCOPE_CALL(erase)
  CACHESCOPE_CALL(Remove)
  CACHESCOPE_CALL(remove)
  CACHESCOPE_CALL(Delete)
  return cache.del(std::forward<Args>(args)...);
}

#undef CACHESCOPE_CALL

template <class C, class... A>
concept HasGet = requires(C& c, A&&... a) {
  c.Get(std::forward<A>(a)...);
}
|| requires(C& c, A&&... a) { c.get(std::forward<A>(a)...); }
|| requires(C& c, A&&... a) { c.Find(std::forward<A>(a)...); }
|| requires(C& c, A&&... a) { c.find(std::forward<A>(a)...); }
|| requires(C& c, A&&... a) { c.Lookup(std::forward<A>(a)...); }
|| requires(C& c, A&&... a) { c.lookup(std::forward<A>(a)...); };

template <class C, class... A>
concept HasSet = requires(C& c, A&&... a) {
  c.Set(std::forward<A>(a)...);
}
|| requires(C& c, A&&... a) { c.set(std::forward<A>(a)...); }
|| requires(C& c, A&&... a) { c.Put(std::forward<A>(a)...); }
|| requires(C& c, A&&... a) { c.put(std::forward<A>(a)...); }
|| requires(C& c, A&&... a) { c.insert_or_assign(std::forward<A>(a)...); }
|| requires(C& c, A&&... a) { c.Insert(std::forward<A>(a)...); }
|| requires(C& c, A&&... a) { c.insert(std::forward<A>(a)...); };

template <class C, class... A>
concept HasErase = requires(C& c, A&&... a) {
  c.Erase(std::forward<A>(a)...);
}
|| requires(C& c, A&&... a) { c.erase(std::forward<A>(a)...); }
|| requires(C& c, A&&... a) { c.Remove(std::forward<A>(a)...); }
|| requires(C& c, A&&... a) { c.remove(std::forward<A>(a)...); }
|| requires(C& c, A&&... a) { c.Delete(std::forward<A>(a)...); }
|| requires(C& c, A&&... a) { c.del(std::forward<A>(a)...); };

template <class C>
concept HasClear = requires(C& c) {
  c.Clear();
}
|| requires(C& c) { c.clear(); };
template <class C>
concept HasSize = requires(const C& c) {
  c.Size();
}
|| requires(const C& c) { c.size(); };
template <class C>
concept HasBytes = requires(const C& c) {
  c.Bytes();
}
|| requires(const C& c) { c.bytes(); };

template <class C>
decltype(auto) CallClear(C& cache) {
  if constexpr (requires { cache.Clear(); }) {
    return cache.Clear();
  } else {
    return cache.clear();
  }
}

template <class C>
auto RawSize(const C& cache) {
  if constexpr (requires { cache.Size(); }) {
    return cache.Size();
  } else {
    return cache.size();
  }
}

template <class C>
double CallSize(const C& cache) {
  return static_cast<double>(RawSize(cache));
}

template <class C>
double CallBytes(const C& cache) {
  if constexpr (requires { cache.Bytes(); }) {
    return static_cast<double>(cache.Bytes());
  } else {
    return static_cast<double>(cache.bytes());
  }
}

/// A cache says so itself by `static constexpr bool kConcurrent = true;`.
template <class C>
constexpr bool DeclaredConcurrent() {
  if constexpr (requires { C::kConcurrent; }) {
    return C::kConcurrent;
  } else {
    return false;
  }
}

template <class K>
concept Hashable = std::is_integral_v<K> || std::is_enum_v<K> || std::is_convertible_v<const K&, std::string_view> ||
    requires(const K& key) {
  std::hash<K>()(key);
};

template <Hashable K>
std::uint64_t HashKey(const K& key) noexcept {
  if constexpr (std::is_integral_v<K> || std::is_enum_v<K>) {
    return static_cast<std::uint64_t>(key);
  } else if constexpr (std::is_convertible_v<const K&, std::string_view>) {
    return std::hash<std::string_view>()(std::string_view(key));
  } else {
    return std::hash<K>()(key);
  }
}

/// Bytes of a value that says so: strings, byte vectors, spans of bytes.
template <class V>
concept Sized = requires(const V& value) {
  { value.size() } -> std::convertible_to<std::size_t>;
  requires sizeof(typename V::value_type) == 1;
};

}  // namespace cachescope::caches::detail
