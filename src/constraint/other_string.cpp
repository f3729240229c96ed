#include "constraint/other_string.hpp"

#include <algorithm>
#include <map>
#include <string_view>

#include "base/json.hpp"

namespace parley::engine {
namespace {

constexpr std::uint32_t kNone = OtherString::kNone;

std::uint32_t step(const Dfa& dfa, std::uint32_t state, unsigned byte) {
  for (const Edge& e : dfa.states[state].edges) {
    if (e.low <= byte && byte <= e.high) return e.target;
  }
  return kNone;
}

class Tree {
 public:
  Tree(const Dfa& any, std::vector<OtherString::State>& out) : any_(any), out_(out) {
    hub_ = step(any, 0, '"');
    backslash_ = step(any, hub_, '\\');
    const std::uint32_t hex = step(any, backslash_, 'u');
    out_.resize(2);  // before the quote, and the root
    out_[0].edges.push_back({'"', '"', kRoot, false});
    out_[0].alike = 0;
    // After \u, \u0 and \u00: what is not of ASCII is none of the names.
    const std::uint32_t zero = step(any, hex, '0'), zeros = step(any, zero, '0');
    for (int i = 0; i < 3; ++i) hex_[i] = add_state();
    const std::uint32_t as[] = {hex, zero, zeros};
    for (int i = 0; i < 3; ++i) {
      if (i < 2) stay(hex_[i], '0', hex_[i + 1]);
      leave(hex_[i], i < 2 ? '1' : '8', 'f', as[i]);
    }
  }

  void add(const std::string& name) {
    const std::string quoted = to_text(Json(name));
    std::uint32_t at = kRoot;
    for (const char c : std::string_view(quoted).substr(1, quoted.size() - 2)) {
      auto& child = nodes_[at].children[static_cast<unsigned char>(c)];
      if (child == 0) child = add_state();
      at = child;
    }
    nodes_[at].is_name = true;
  }

  void lay_out() { lay_out(kRoot, hub_); }

 private:
  static constexpr std::uint32_t kRoot = 1;
  struct Node {
    std::map<unsigned, std::uint32_t> children;
    bool is_name = false;
  };

  std::uint32_t add_state() {
    out_.emplace_back();
    return static_cast<std::uint32_t>(out_.size() - 1);
  }
  void stay(std::uint32_t from, unsigned byte, std::uint32_t to) {
    const auto b = static_cast<std::uint8_t>(byte);
    out_[from].edges.push_back({b, b, to, false});
  }
  // Out of the tree, by those bytes of low to high that a string in state `as` can go on with.
  void leave(std::uint32_t from, unsigned low, unsigned high, std::uint32_t as) {
    std::vector<OtherString::Edge>& edges = out_[from].edges;
    for (unsigned b = low; b <= high; ++b) {
      const std::uint32_t to = step(any_, as, b);
      if (to == kNone) continue;
      const auto byte = static_cast<std::uint8_t>(b);
      if (!edges.empty() && edges.back().leaves && edges.back().target == to &&
          edges.back().high + 1u == b) {
        edges.back().high = byte;
      } else {
        edges.push_back({byte, byte, to, true});
      }
    }
  }

  // `as` is where a string is that has been spelled so far. A name may be as long as a schema.
  void lay_out(std::uint32_t root, std::uint32_t start) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> todo{{root, start}};
    while (!todo.empty()) {
      const auto [state, as] = todo.back();
      todo.pop_back();
      const Node& node = nodes_[state];
      for (const auto& [byte, child] : node.children) {
        stay(state, byte, child);
        todo.emplace_back(child, step(any_, as, byte));
      }
      const auto leave_but_children = [&](unsigned low, unsigned high) {
        for (unsigned b = low; b <= high; ++b) {
          if (!node.children.contains(b)) leave(state, b, b, as);
        }
      };
      if (as == hub_) {
        out_[state].alike = hub_;
        if (!node.is_name) leave_but_children('"', '"');
        leave_but_children(0, '"' - 1), leave_but_children('"' + 1, '\\' - 1);
        leave_but_children('\\' + 1, 0xFF);
        if (!node.children.contains('\\')) stay(state, '\\', escape(node));
      } else if (as == backslash_) {
        for (const unsigned char c : kShort) leave_but_children(c, c);
      } else if (node.children.empty() || node.children.begin()->first >= 0x80) {
        leave_but_children(0x80, 0xFF);  // within a character of several bytes
      }
      sort(state);
    }
  }

  // After a backslash that none of the names has here.
  std::uint32_t escape(const Node& node) {
    const bool slash = node.children.contains('/');
    const bool beyond = !node.children.empty() && node.children.rbegin()->first >= 0x80;
    std::uint32_t& state = escapes_[(slash ? 1 : 0) + (beyond ? 2 : 0)];
    if (state != 0) return state;
    state = add_state();
    for (const unsigned char c : kShort) leave(state, c, c, backslash_);
    if (!slash) leave(state, '/', '/', backslash_);
    if (!beyond) stay(state, 'u', hex_[0]);
    sort(state);
    return state;
  }

  void sort(std::uint32_t state) {
    std::sort(out_[state].edges.begin(), out_[state].edges.end(),
              [](const auto& a, const auto& b) { return a.low < b.low; });
  }

  static constexpr std::string_view kShort = "\"\\bfnrt";
  const Dfa& any_;
  std::vector<OtherString::State>& out_;
  std::uint32_t hub_ = 0, backslash_ = 0;
  std::uint32_t hex_[3] = {};
  std::uint32_t escapes_[4] = {};
  std::map<std::uint32_t, Node> nodes_;
};

}  // namespace

OtherString::OtherString(const Dfa& any, const std::vector<std::string>& names) {
  Tree tree(any, states);
  for (const std::string& name : names) tree.add(name);
  tree.lay_out();
}

}  // namespace parley::engine
