// Turns token bytes into text that may be shown: whole UTF-8 characters only, and nothing that may
// still turn out to be the start of a stop string.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::engine {

class TextStream {
 public:
  explicit TextStream(std::vector<std::string> stop);
  // Adds bytes and returns what has become showable. After a stop string was met, stopped() is true
  // and nothing more comes out.
  std::string push(std::string_view bytes);
  bool stopped() const { return stopped_; }
  // What is still held back, at the end of the reply; an incomplete character becomes U+FFFD.
  std::string finish();

 private:
  std::vector<std::string> stop_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace parley::engine
