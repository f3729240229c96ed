#include "data/sources/json_source.hpp"

#include <cstring>

#include "base/error.hpp"
#include "data/sources/input_file.hpp"

namespace parley::data {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class JsonSource {
 public:
  JsonSource(InputFile& file, JsonShape shape, const PushChunk& push)
      : file_(file),
        shape_(shape),
        push_(push),
        shown_(std::make_shared<std::string>(file.shown())) {}

  void run(bool by_lines) {
    // Skip white space before the first record, which tells an array from lines.
    do {
      const std::size_t start = buffer_.find_first_not_of(" \t\r\n");
      if (start != std::string::npos) {
        if (buffer_[start] == '[') {
          for (std::size_t i = 0; i < start; ++i) line_ += buffer_[i] == '\n';
          buffer_.erase(0, start + 1);
          array_ = true;
        }
        break;
      }
      for (const char c : buffer_) line_ += c == '\n';
      buffer_.clear();
    } while (file_.read(buffer_, kReadBlock));
    if (by_lines && !array_) {
      lines();
    } else {
      values();
    }
  }

 private:
  Chunk chunk(Chunk::Kind kind, std::string bytes) {
    Chunk made;
    made.kind = kind;
    made.file = shown_;
    made.shape = shape_;
    made.used = bytes.size();
    made.bytes = std::move(bytes);
    made.bytes.append(kJsonPadding, ' ');
    made.input_bytes = file_.bytes_read() - reported_;
    reported_ = file_.bytes_read();
    return made;
  }

  bool push_bad(std::uint64_t line, std::string why) {
    Chunk bad;
    bad.file = shown_;
    bad.records.emplace_back();
    bad.records.back().line = line;
    bad.records.back().error = std::move(why);
    return push_(std::move(bad));
  }

  static std::string too_long() {
    return "a record of more than " + std::to_string(kMaxRecordBytes / 1'000'000) + " MB";
  }

  void lines() {
    bool skipping = false;  // inside a line that is too long
    bool more = true;
    while (more) {
      more = file_.read(buffer_, kReadBlock);
      std::size_t cut = buffer_.rfind('\n');
      cut = !more ? buffer_.size() : cut == std::string::npos ? 0 : cut + 1;
      if (skipping) {
        const std::size_t end = buffer_.find('\n');
        if (end == std::string::npos) {
          buffer_.clear();
          continue;
        }
        buffer_.erase(0, end + 1);
        cut = cut > end ? cut - end - 1 : 0;
        ++line_;
        skipping = false;
      }
      if (cut == 0 && buffer_.size() > kMaxRecordBytes) {
        if (!push_bad(line_, too_long())) return;
        buffer_.clear();
        skipping = true;
        continue;
      }
      if (cut == 0) continue;
      std::string rest = buffer_.substr(cut);
      buffer_.resize(cut);
      Chunk made = chunk(Chunk::Kind::kJsonLines, std::move(buffer_));
      made.first_line = line_;
      for (std::size_t i = 0; i < made.used; ++i) line_ += made.bytes[i] == '\n';
      buffer_ = std::move(rest);
      if (!push_(std::move(made))) return;
    }
  }

  // Finds the values of the buffer from scan_ on; true when the array was closed.
  bool scan() {
    for (; scan_ < buffer_.size(); ++scan_) {
      const char c = buffer_[scan_];
      if (c == '\n') ++line_;
      if (in_string_) {
        if (escaped_) {
          escaped_ = false;
        } else if (c == '\\') {
          escaped_ = true;
        } else if (c == '"') {
          in_string_ = false;
        }
        continue;
      }
      if (!in_value_) {
        if (is_space(c) || c == ',') continue;
        if (c == ']' && array_) return true;
        in_value_ = true;
        value_start_ = scan_;
        value_line_ = line_;
        depth_ = 0;
      }
      if (c == '"') {
        in_string_ = true;
      } else if (c == '{' || c == '[') {
        ++depth_;
      } else if (c == '}' || c == ']') {
        if (depth_ <= 1) {
          // A closing bracket that closes nothing ends a scalar; in an array it is the array's own.
          const bool closes_array = depth_ == 0 && c == ']' && array_;
          end_value(closes_array ? scan_ : scan_ + 1);
          if (closes_array) return true;
        } else {
          --depth_;
        }
      } else if (depth_ == 0 && (c == ',' || is_space(c))) {
        end_value(scan_);
      }
    }
    return false;
  }

  void end_value(std::size_t end) {
    in_value_ = false;
    if (discarding_) {
      discarding_ = false;
    } else {
      pieces_.push_back({value_start_, end - value_start_, value_line_});
    }
  }

  bool flush() {
    const std::size_t keep = in_value_ ? value_start_ : scan_;
    std::string rest = buffer_.substr(keep);
    buffer_.resize(keep);
    Chunk made = chunk(Chunk::Kind::kJsonPieces, std::move(buffer_));
    made.pieces = std::move(pieces_);
    pieces_.clear();
    buffer_ = std::move(rest);
    scan_ -= keep;
    value_start_ = 0;
    return push_(std::move(made));
  }

  void values() {
    bool more = true;
    bool closed = scan();
    while (!closed && more) {
      more = file_.read(buffer_, kReadBlock);
      closed = scan();
      if (!more && in_value_ && !discarding_) {  // cut off, or a scalar at the end
        pieces_.push_back({value_start_, buffer_.size() - value_start_, value_line_});
        in_value_ = false;
      }
      if (!flush()) return;
      if (in_value_ && !discarding_ && buffer_.size() > kMaxRecordBytes) {
        if (!push_bad(value_line_, too_long())) return;
        discarding_ = true;
      }
      if (discarding_) {
        buffer_.clear();
        scan_ = 0;
      }
    }
    if (closed && !pieces_.empty() && !flush()) return;
    if (array_ && !closed) {
      push_bad(line_, "the file ends inside its top-level array; it may be cut off");
    } else if (closed) {
      after_array();
    }
  }

  void after_array() {
    std::size_t at = scan_ + 1;
    do {
      for (; at < buffer_.size(); ++at) {
        if (buffer_[at] == '\n') ++line_;
        if (!is_space(buffer_[at])) {
          push_bad(line_, "text behind the end of the top-level array");
          return;
        }
      }
      buffer_.clear();
      at = 0;
    } while (file_.read(buffer_, kReadBlock));
  }

  InputFile& file_;
  const JsonShape shape_;
  const PushChunk& push_;
  std::shared_ptr<const std::string> shown_;
  std::string buffer_;
  std::uint64_t line_ = 1;
  std::uint64_t reported_ = 0;
  bool array_ = false;

  // values(): the scanner's state at scan_
  std::vector<JsonPiece> pieces_;
  std::size_t scan_ = 0;
  std::size_t value_start_ = 0;
  std::uint64_t value_line_ = 1;
  std::size_t depth_ = 0;
  bool in_value_ = false, in_string_ = false, escaped_ = false, discarding_ = false;
};

}  // namespace

void read_json_source(InputFile& file, JsonShape shape, bool by_lines, const PushChunk& push) {
  JsonSource(file, shape, push).run(by_lines);
}

}  // namespace parley::data
