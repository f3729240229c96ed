#include "engine/text_stream.hpp"

#include <algorithm>

#include "text/char_class.hpp"

namespace parley::engine {
namespace {

// Moves `bytes` to valid UTF-8. An incomplete character at the end stays in `rest` unless `all` is
// set.
std::string take_characters(std::string& bytes, std::size_t limit, bool all) {
  std::string out;
  std::size_t i = 0;
  while (i < limit) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const text::DecodedChar c = text::decode_utf8(bytes, i);
    if (c.code == 0xFFFD && c.length == 1 && lead >= 0xC2 && lead < 0xF5 && !all) {
      // Perhaps only incomplete: wait while every byte after the lead continues it.
      const std::size_t need = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      std::size_t have = 1;
      while (have < need && i + have < bytes.size() &&
             (static_cast<unsigned char>(bytes[i + have]) & 0xC0) == 0x80) {
        ++have;
      }
      if (have < need && i + have == bytes.size()) break;
    }
    if (i + c.length > limit) break;
    if (c.code == 0xFFFD) {
      out += "\xEF\xBF\xBD";
    } else {
      out.append(bytes, i, c.length);
    }
    i += c.length;
  }
  bytes.erase(0, i);
  return out;
}

}  // namespace

TextStream::TextStream(std::vector<std::string> stop) : stop_(std::move(stop)) {
  std::erase_if(stop_, [](const std::string& s) { return s.empty(); });
}

std::string TextStream::push(std::string_view bytes) {
  if (stopped_) return {};
  held_ += bytes;
  std::size_t first = std::string::npos;
  for (const std::string& stop : stop_) first = std::min(first, held_.find(stop));
  if (first != std::string::npos) {
    stopped_ = true;
    held_.resize(first);
    return take_characters(held_, held_.size(), true);
  }
  std::size_t keep = 0;  // the longest end of `held_` that starts a stop string
  for (const std::string& stop : stop_) {
    for (std::size_t n = std::min(stop.size() - 1, held_.size()); n > keep; --n) {
      if (held_.compare(held_.size() - n, n, stop, 0, n) == 0) keep = n;
    }
  }
  return take_characters(held_, held_.size() - keep, false);
}

std::string TextStream::finish() {
  if (stopped_) return {};
  std::string out = take_characters(held_, held_.size(), true);
  held_.clear();
  return out;
}

}  // namespace parley::engine
