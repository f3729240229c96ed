// The steps that cut normalised text into words, as tokenizer.json names them ("pre_tokenizer").
// A step gets a piece and passes on smaller ones, in order; some rewrite the piece first.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/word_split.hpp"

namespace parley::text {

// Thread-safe.
class Splitter {
 public:
  virtual ~Splitter() = default;
  // A view of a callable, so that no step allocates for it.
  class Sink {
   public:
    template <typename F>
    Sink(const F& f)  // NOLINT(google-explicit-constructor): made from lambdas at the call
        : object_(&f), call_([](const void* object, std::string_view piece) {
            (*static_cast<const F*>(object))(piece);
          }) {}
    void operator()(std::string_view piece) const {
      if (!piece.empty()) call_(object_, piece);
    }

   private:
    const void* object_;
    void (*call_)(const void*, std::string_view);
  };
  // `at_start`: `text` begins where the whole input begins. Pieces live only during the call.
  virtual void split(std::string_view text, bool at_start, Sink sink) const = 0;
};
using SplitterPtr = std::unique_ptr<Splitter>;

// What becomes of the places a pattern matches.
enum class SplitBehavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

SplitterPtr split_words(WordSplit split, SplitBehavior behavior, bool invert);
// Errors: as Regex.
SplitterPtr split_regex(std::string_view pattern, std::string_view where, SplitBehavior behavior,
                        bool invert);
SplitterPtr split_string(std::string pattern, SplitBehavior behavior, bool invert);
SplitterPtr split_digits(bool individual);
SplitterPtr split_punctuation(SplitBehavior behavior);
// Runs of punctuation and of these ASCII symbols: [\p{P}…]+
SplitterPtr split_signs(std::string symbols);
SplitterPtr split_white_space();        // white space goes
SplitterPtr split_words_and_symbols();  // \w+|[^\w\s]+ stays

enum class PrependScheme { kAlways, kFirst, kNever };
// Spaces become `replacement`; one is put in front by the scheme; cut before each when `cut`.
SplitterPtr metaspace(std::string replacement, PrependScheme scheme, bool cut);
// ByteLevel's add_prefix_space.
SplitterPtr space_before();
// Bytes to GPT-2's printable stand-ins and back, for steps that look at the former.
SplitterPtr to_stand_ins();
SplitterPtr from_stand_ins();

}  // namespace parley::text
