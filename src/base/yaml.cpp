#include "base/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>
#include <map>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "base/error.hpp"
#include "base/file.hpp"

namespace parley::yaml {
namespace {

// Builds the tree from yaml-cpp's events, so that limits hold while parsing and aliases are
// expanded under the limit.
class YamlBuilder : public YAML::EventHandler {
 public:
  YamlBuilder(std::string_view where, const Limits& limits) : where_(where), limits_(limits) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(made(Kind::kNull, mark), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:str") {
      fail_at(where_, mark.line + 1, "tag '" + tag + "' is not supported", "remove the tag");
    }
    Value value = made(Kind::kScalar, mark);
    value.text = text;
    value.quoted = tag != "?";
    add(std::move(value), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      fail_at(where_, mark.line + 1, "an alias inside the value it names", "write the value out");
    }
    count(found->second.second, mark.line + 1);
    check_depth(open_.size() + depth_of(found->second.first), mark.line + 1);
    Value copy = found->second.first;
    add(std::move(copy), 0, found->second.second);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(made(Kind::kList, mark), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(made(Kind::kMap, mark), anchor);
  }
  void OnMapEnd() override { close(); }

  static Value made(Kind kind, const YAML::Mark& mark) {
    Value value;
    value.kind = kind;
    value.line = mark.line + 1;
    return value;
  }

  Value take() { return std::move(root_); }

 private:
  struct Open {
    Value value;
    YAML::anchor_t anchor = 0;
    std::size_t nodes = 1;
    std::optional<Entry> key = {};                    // map: a key that waits for its value
    std::unordered_map<std::string, int> lines = {};  // map: where each key was
  };

  void count(std::size_t nodes, int line) {
    nodes_ += nodes;
    if (nodes_ > limits_.nodes) {
      fail(ErrorKind::kLimit,
           std::string(where_) + ":" + std::to_string(line) + ": more than " +
               std::to_string(limits_.nodes) + " values once anchors are expanded",
           "split the file, or repeat fewer anchors");
    }
  }

  void check_depth(std::size_t depth, int line) {
    if (depth <= limits_.depth) return;
    fail_at(where_, line, "nested deeper than " + std::to_string(limits_.depth) + " levels",
            "flatten the document");
  }

  static std::size_t depth_of(const Value& value) {
    std::size_t depth = 0;
    for (const Value& item : value.items) depth = std::max(depth, depth_of(item));
    for (const Entry& entry : value.entries) depth = std::max(depth, depth_of(entry.value));
    return depth + 1;
  }

  void open(Value value, YAML::anchor_t anchor) {
    count(1, value.line);
    check_depth(open_.size() + 1, value.line);
    open_.push_back({.value = std::move(value), .anchor = anchor});
  }

  void close() {
    Open top = std::move(open_.back());
    open_.pop_back();
    nodes_ -= 1;  // add() counts it again
    add(std::move(top.value), top.anchor, top.nodes, true);
  }

  void add(Value value, YAML::anchor_t anchor, std::size_t nodes = 1, bool counted_inside = false) {
    if (nodes == 1 || counted_inside) count(1, value.line);
    if (anchor != 0) {
      count(nodes, value.line);
      anchors_[anchor] = {value, nodes};
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    parent.nodes += nodes;
    if (parent.value.is_list()) {
      parent.value.items.push_back(std::move(value));
    } else if (parent.key) {
      if (value.is_null()) value.line = parent.key->line;  // yaml-cpp puts it on the next line
      parent.key->value = std::move(value);
      parent.value.entries.push_back(std::move(*parent.key));
      parent.key.reset();
    } else {
      if (!value.is_scalar()) {
        fail_at(where_, value.line,
                "a key must be a word or quoted text, found " + describe(value));
      }
      const auto [first, added] = parent.lines.emplace(value.text, value.line);
      if (!added) {
        fail_at(where_, value.line,
                "key '" + value.text + "' appears twice (first on line " +
                    std::to_string(first->second) + ")",
                "keep one of them");
      }
      parent.key = Entry{std::move(value.text), value.line, {}};
    }
  }

  std::string_view where_;
  const Limits& limits_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, std::pair<Value, std::size_t>> anchors_;
  std::size_t nodes_ = 0;
  Value root_;
};

// yaml-cpp decodes wrongly encoded bytes to replacement characters without a word; here they are an
// error.
void check_utf8(std::string_view text, std::string_view where) {
  int line = 1;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    std::size_t length = byte < 0x80                   ? 1
                         : byte >= 0xC2 && byte < 0xE0 ? 2
                         : byte >= 0xE0 && byte < 0xF0 ? 3
                         : byte >= 0xF0 && byte < 0xF5 ? 4
                                                       : 0;
    if (length > text.size() - i) length = 0;
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) length = 0;
    }
    if (length == 0 || byte == 0) {
      fail_at(where, line, byte == 0 ? "a NUL byte" : "not valid UTF-8",
              "save the file as UTF-8 text");
    }
    if (byte == '\n') ++line;
    i += length;
  }
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value{};
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  if (text.empty() || text[0] == '+') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

const Value* Value::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::optional<bool> Value::as_bool() const {
  if (!is_scalar() || quoted) return std::nullopt;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

std::optional<long long> Value::as_integer() const {
  if (!is_scalar() || quoted) return std::nullopt;
  return whole_number<long long>(text);
}

std::optional<double> Value::as_number() const {
  if (!is_scalar() || quoted || text.empty()) return std::nullopt;
  const char first = text[text[0] == '-' || text[0] == '+' ? 1 : 0];
  if ((first < '0' || first > '9') && first != '.') return std::nullopt;  // no "inf", "nan"
  const auto number = whole_number<double>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

bool Value::is_string() const {
  return is_scalar() && (quoted || (!as_bool() && !as_number()));
}

void fail_at(std::string_view where, int line, const std::string& what, std::string hint) {
  fail(ErrorKind::kInvalidInput, std::string(where) + ":" + std::to_string(line) + ": " + what,
       std::move(hint));
}

std::string describe(const Value& value) {
  switch (value.kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      return "a map";
    case Kind::kScalar:
      break;
  }
  const std::string shown = value.text.size() > 40 ? value.text.substr(0, 40) + "…" : value.text;
  if (value.as_bool()) return shown;
  if (value.as_number()) return "the number " + shown;
  return "the text '" + shown + "'";
}

Json to_json(const Value& value) {
  switch (value.kind) {
    case Kind::kNull:
      return nullptr;
    case Kind::kList: {
      Json list = Json::array();
      for (const Value& item : value.items) list.push_back(to_json(item));
      return list;
    }
    case Kind::kMap: {
      Json map = Json::object();
      for (const Entry& entry : value.entries) map[entry.key] = to_json(entry.value);
      return map;
    }
    case Kind::kScalar:
      break;
  }
  if (const auto flag = value.as_bool()) return *flag;
  if (const auto integer = value.as_integer()) return *integer;
  if (const auto number = value.as_number()) return *number;
  return value.text;
}

Value parse(std::string_view text, std::string_view where, const Limits& limits) {
  if (text.size() > limits.bytes) {
    fail(ErrorKind::kLimit,
         std::string(where) + ": larger than " + std::to_string(limits.bytes) + " bytes",
         "split the file");
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  check_utf8(text, where);
  YamlBuilder builder(where, limits);
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    Value root = builder.take();
    YamlBuilder rest(where, limits);
    if (parser && parser.HandleNextDocument(rest)) {
      const Value second = rest.take();
      if (!second.is_null())
        fail_at(where, second.line, "a second document", "keep one document in the file");
    }
    return root;
  } catch (const YAML::Exception& e) {
    fail_at(where, std::max(e.mark.line + 1, 1), "not valid YAML: " + e.msg,
            "check indentation (spaces, not tabs), colons and quotes near that line");
  }
}

Value load(const std::filesystem::path& path, std::string_view where, const Limits& limits) {
  const std::string name = where.empty() ? path.filename().string() : std::string(where);
  return parse(read_file(path, limits.bytes), name, limits);
}

}  // namespace parley::yaml
