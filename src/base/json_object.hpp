// The object of Json: its members stay in the order in which they were added, whoever ordered them
// (a client's schema, a template's tools, a written report) finds them so again. A look-up takes
// O(log n), so that a large or hostile document costs no more than it did in a sorted map, and
// references to values stay valid while members are added.
#pragma once

#include <algorithm>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

// What nlohmann::basic_json asks of an object type; `Key` is std::string.
template <class Key, class Value, class Less, class Allocator>
class JsonObject {
  using Members = std::list<std::pair<const Key, Value>, Allocator>;

 public:
  using key_type = Key;
  using mapped_type = Value;
  using value_type = std::pair<const Key, Value>;
  using key_compare = std::less<>;
  using allocator_type = Allocator;
  using size_type = typename Members::size_type;
  using iterator = typename Members::iterator;
  using const_iterator = typename Members::const_iterator;

  JsonObject() = default;
  template <class Iterator>
  JsonObject(Iterator first, Iterator last) {
    insert(first, last);
  }
  JsonObject(const JsonObject& other) : members_(other.members_) { index_all(); }
  JsonObject(JsonObject&&) noexcept = default;
  JsonObject& operator=(const JsonObject& other) {
    JsonObject copy(other);
    return *this = std::move(copy);
  }
  JsonObject& operator=(JsonObject&&) noexcept = default;
  ~JsonObject() = default;

  iterator begin() { return members_.begin(); }
  iterator end() { return members_.end(); }
  const_iterator begin() const { return members_.begin(); }
  const_iterator end() const { return members_.end(); }
  const_iterator cbegin() const { return members_.begin(); }
  const_iterator cend() const { return members_.end(); }
  bool empty() const { return members_.empty(); }
  size_type size() const { return members_.size(); }
  size_type max_size() const { return members_.max_size(); }

  iterator find(std::string_view key) {
    if (index_) {
      const auto found = index_->find(key);
      return found == index_->end() ? end() : found->second;
    }
    return std::find_if(begin(), end(), [&](const value_type& m) { return m.first == key; });
  }
  const_iterator find(std::string_view key) const {
    return const_cast<JsonObject*>(this)->find(key);  // which changes nothing
  }
  // A member that is there.
  const Value& at(std::string_view key) const { return find(key)->second; }
  size_type count(std::string_view key) const { return find(key) == end() ? 0 : 1; }

  // The member of that name, and whether it is new: one that is there keeps its place and value.
  template <class K, class V>
  std::pair<iterator, bool> emplace(K&& key, V&& value) {
    const iterator found = find(key);
    if (found != end()) return {found, false};
    members_.emplace_back(std::forward<K>(key), std::forward<V>(value));
    const iterator added = std::prev(end());
    if (index_) {
      index_->emplace(added->first, added);
    } else {
      index_all();
    }
    return {added, true};
  }
  std::pair<iterator, bool> insert(const value_type& member) {
    return emplace(member.first, member.second);
  }
  template <class Iterator>
  void insert(Iterator first, Iterator last) {
    for (; first != last; ++first) emplace(first->first, first->second);
  }
  template <class K>
  Value& operator[](K&& key) {
    return emplace(std::forward<K>(key), Value()).first->second;
  }

  iterator erase(const_iterator at) {
    if (index_) index_->erase(std::string_view(at->first));
    return members_.erase(at);
  }
  iterator erase(const_iterator first, const_iterator last) {
    while (first != last) first = erase(first);
    return members_.erase(last, last);  // `last` as an iterator
  }
  void clear() {
    index_.reset();
    members_.clear();
  }

  // Two objects are the same where they have the same members, in whatever order.
  friend bool operator==(const JsonObject& a, const JsonObject& b) {
    return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const value_type& member) {
             const auto found = b.find(member.first);
             return found != b.end() && found->second == member.second;
           });
  }
#ifdef __cpp_impl_three_way_comparison  // train/ is C++17
  friend std::partial_ordering operator<=>(const JsonObject& a, const JsonObject& b) {
    const auto x = a.sorted(), y = b.sorted();
    return std::lexicographical_compare_three_way(
        x.begin(), x.end(), y.begin(), y.end(), [](const value_type* m, const value_type* n) {
          const std::partial_ordering names = m->first <=> n->first;
          return names != 0 ? names : m->second <=> n->second;
        });
  }
#endif

  // The members in the order of their names.
  std::vector<const value_type*> sorted() const {
    std::vector<const value_type*> out;
    out.reserve(size());
    for (const value_type& member : members_) out.push_back(&member);
    std::sort(out.begin(), out.end(),
              [](const value_type* a, const value_type* b) { return a->first < b->first; });
    return out;
  }

 private:
  static constexpr size_type kIndexFrom = 16;  // below, looking through all is as fast

  void index_all() {
    if (size() < kIndexFrom) return;
    index_ = std::make_unique<std::map<std::string_view, iterator>>();
    for (iterator at = begin(); at != end(); ++at) index_->emplace(at->first, at);
  }

  Members members_;
  // The keys, which are the members' own; sorted rather than hashed: nobody can choose keys that
  // collide.
  std::unique_ptr<std::map<std::string_view, iterator>> index_;
};

}  // namespace parley
