// One JSON record: a list of turns, as OpenAI {"messages": [{"role", "content"}]} or ShareGPT
// {"conversations": [{"from", "value"}]} has it, or one exchange in fields of its own, as Alpaca
// {"instruction", "input", "output"} has it. docs/data.md lists the spellings accepted.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "data/sources/raw_record.hpp"
#include "data/sources/read_options.hpp"

namespace parley::data {

inline constexpr std::size_t kMaxRecordBytes = 16'000'000;
inline constexpr std::size_t kMaxJsonDepth = 64;
// Bytes that must be readable (with any content) behind the text of a record.
inline constexpr std::size_t kJsonPadding = 64;

enum class JsonShape { kAny, kOpenAi, kShareGpt };

// Not thread-safe: one per thread.
class JsonRecordParser {
 public:
  explicit JsonRecordParser(ReadOptions options = {});
  ~JsonRecordParser();

  // REQUIRES: kJsonPadding readable bytes behind `json`. The views in `record` live until the next
  // call. Errors: kInvalidInput "FILE:LINE: …".
  void parse(std::string_view json, JsonShape shape, const Place& place, RawRecord& record);

  // Gives back the memory that a giant record took (about nine times its size); views into it end.
  void release();

 private:
  struct State;
  ReadOptions options_;
  std::unique_ptr<State> state_;
};

}  // namespace parley::data
