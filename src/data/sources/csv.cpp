#include "data/sources/csv.hpp"

#include <algorithm>
#include <array>

#include "data/sources/json_record.hpp"

namespace parley::data {

namespace {

char frequent_separator(std::string_view start) {
  constexpr std::array<char, 4> kCandidates = {',', ';', '\t', '|'};
  std::array<int, 4> counts{};
  bool quoted = false;
  for (const char c : start) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || c == '\r') break;
    for (std::size_t i = 0; i < kCandidates.size(); ++i) counts[i] += c == kCandidates[i];
  }
  return kCandidates[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) -
                                              counts.begin())];
}

}  // namespace

CsvParser::Dialect CsvParser::take_dialect(std::string& start) {
  const std::size_t end = start.find_first_of("\r\n");
  if (end == std::string::npos) return {frequent_separator(start)};
  std::string_view line(start.data(), end);
  if (line.size() == 7 && line.front() == '"' && line.back() == '"') line = line.substr(1, 5);
  if (line.size() != 5 || (line[0] | 0x20) != 's' || (line[1] | 0x20) != 'e' ||
      (line[2] | 0x20) != 'p' || line[3] != '=') {
    return {frequent_separator(start)};
  }
  const char separator = line[4];
  start.erase(0, start.compare(end, 2, "\r\n") == 0 ? end + 2 : end + 1);
  return {separator, 2};
}

void CsvParser::end_field() {
  row_.fields.push_back(std::move(field_));
  field_.clear();
}

bool CsvParser::end_row() {
  end_field();
  at_ = At::kRowStart;
  row_bytes_ = 0;
  CsvRow row = std::move(row_);
  row_ = {};
  return on_row_(std::move(row));
}

bool CsvParser::bad_row(std::string why) {
  row_.error = std::move(why);
  return end_row();
}

bool CsvParser::feed(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (at_ == At::kAfterCr) {
      at_ = At::kRowStart;
      if (c == '\n') continue;  // the line was counted at the \r
    }
    const bool line_end = c == '\n' || c == '\r';
    if (line_end) ++line_;
    switch (at_) {
      case At::kAfterCr:
        break;
      case At::kSkipLine:
        if (line_end) at_ = c == '\r' ? At::kAfterCr : At::kRowStart;
        break;
      case At::kRowStart:
        if (line_end) {
          if (c == '\r') at_ = At::kAfterCr;
          break;
        }
        row_.line = line_;
        at_ = At::kFieldStart;
        [[fallthrough]];
      case At::kFieldStart:
        if (c == '"') {
          at_ = At::kQuoted;
          break;
        }
        at_ = At::kPlain;
        [[fallthrough]];
      case At::kPlain:
        if (c == separator_) {
          end_field();
          at_ = At::kFieldStart;
        } else if (line_end) {
          if (!end_row()) return false;
          if (c == '\r') at_ = At::kAfterCr;
        } else {
          put(c);
        }
        break;
      case At::kQuoted: {
        // Take everything up to the next quote at once.
        const std::size_t end = std::min(bytes.find('"', i), bytes.size());
        if (end > i) {
          const std::string_view run = bytes.substr(i, end - i);
          field_.append(run);
          row_bytes_ += run.size();
          line_ += static_cast<std::uint64_t>(std::count(run.begin() + 1, run.end(), '\n'));
          if (c == '\r') --line_;  // counted above; inside quotes only \n counts
          i = end - 1;
        } else {
          at_ = At::kQuoteInQuoted;
        }
        break;
      }
      case At::kQuoteInQuoted:
        if (c == '"') {
          put('"');
          at_ = At::kQuoted;
        } else if (c == separator_) {
          end_field();
          at_ = At::kFieldStart;
        } else if (line_end) {
          if (!end_row()) return false;
          if (c == '\r') at_ = At::kAfterCr;
        } else {
          if (!bad_row(
                  "text behind a closing quote; a quote inside a quoted field must be doubled")) {
            return false;
          }
          at_ = At::kSkipLine;
        }
        break;
    }
    if (row_bytes_ > kMaxRecordBytes) {
      const bool quoted = at_ == At::kQuoted;
      if (!bad_row("a row of more than " + std::to_string(kMaxRecordBytes / 1'000'000) +
                   " MB; a quote may not be closed")) {
        return false;
      }
      if (quoted) at_ = At::kSkipLine;
    }
  }
  return true;
}

bool CsvParser::finish() {
  switch (at_) {
    case At::kRowStart:
    case At::kAfterCr:
    case At::kSkipLine:
      return true;
    case At::kQuoted:
      return bad_row("a quoted field is not closed before the end of the file");
    default:
      return end_row();
  }
}

}  // namespace parley::data
