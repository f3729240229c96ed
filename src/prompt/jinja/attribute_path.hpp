// What the `attribute` argument of filters names: "author.name", "0", or a plain index.
#pragma once

#include <vector>

#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/python_text.hpp"

namespace parley::text::jinja {

class AttributePath {
 public:
  // A missing path gives the item itself. `otherwise` takes the place of undefined values, unless
  // none or missing.
  AttributePath(Runtime& rt, const Value& path, const Value& otherwise = {})
      : otherwise_(otherwise) {
    if (path.is_missing()) return;
    if (!path.is_string()) {
      expect_defined(rt, path);
      steps_.push_back(path);
      return;
    }
    for (const std::string_view part : split(path.text(), ".", -1, false)) {
      const bool index = !part.empty() && part.size() < 18 &&
                         part.find_first_not_of("0123456789") == std::string_view::npos;
      steps_.push_back(index ? Value::integer(std::stoll(std::string(part)))
                             : Value::string(part, Author::kOther));
    }
  }

  Value get(Runtime& rt, Value item) const {
    for (const Value& step : steps_) {
      item = get_item(rt, item, step);
      if (item.is_undefined() && !otherwise_.is_missing() && !otherwise_.is_none())
        item = otherwise_;
    }
    return item;
  }

 private:
  std::vector<Value> steps_;
  Value otherwise_;
};

}  // namespace parley::text::jinja
