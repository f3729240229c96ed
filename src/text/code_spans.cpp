#include "text/code_spans.hpp"

#include <algorithm>
#include <map>

namespace parley::text {
namespace {

struct Fence {
  char mark = 0;
  std::size_t length = 0;
};

// The fence that `line` opens, or closes; its length is 0 if it is none.
Fence fence_of(std::string_view line, bool closing) {
  const std::size_t start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos || (line[start] != '`' && line[start] != '~')) return {};
  const char mark = line[start];
  const std::size_t end = std::min(line.find_first_not_of(mark, start), line.size());
  if (end - start < 3) return {};
  const std::string_view rest = line.substr(end);
  if (closing && rest.find_first_not_of(" \t\r") != std::string_view::npos) return {};
  if (!closing && mark == '`' && rest.find('`') != std::string_view::npos) return {};
  return {mark, end - start};
}

// The spans of a paragraph, `from` on in the text.
void add_inline_spans(std::string_view text, std::size_t from, std::size_t to,
                      std::vector<CodeSpan>& spans) {
  std::vector<CodeSpan> runs;
  for (std::size_t at = from; (at = text.find('`', at)) < to;) {
    const std::size_t end = std::min(text.find_first_not_of('`', at), to);
    runs.push_back({at, end});
    at = end;
  }
  // For every run the next one of its length.
  std::vector<std::size_t> partner(runs.size(), runs.size());
  std::map<std::size_t, std::size_t> next;
  for (std::size_t i = runs.size(); i-- > 0;) {
    const std::size_t length = runs[i].to - runs[i].from;
    if (const auto found = next.find(length); found != next.end()) partner[i] = found->second;
    next[length] = i;
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (partner[i] == runs.size()) continue;
    spans.push_back({runs[i].from, runs[partner[i]].to});
    i = partner[i];
  }
}

}  // namespace

std::vector<CodeSpan> find_code_spans(std::string_view text) {
  std::vector<CodeSpan> spans;
  if (text.find('`') == std::string_view::npos && text.find("~~~") == std::string_view::npos) {
    return spans;
  }
  Fence open;
  std::size_t fenced_from = 0, paragraph = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const std::size_t next = std::min(end + 1, text.size());
    if (open.length > 0) {
      const Fence fence = fence_of(line, true);
      if (fence.mark == open.mark && fence.length >= open.length) {
        spans.push_back({fenced_from, end});
        open = {};
        paragraph = next;
      }
    } else if (const Fence fence = fence_of(line, false); fence.length > 0) {
      add_inline_spans(text, paragraph, at, spans);
      open = fence;
      fenced_from = at;
    } else if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
      add_inline_spans(text, paragraph, at, spans);
      paragraph = next;
    }
    at = next;
  }
  if (open.length > 0) {
    spans.push_back({fenced_from, text.size()});
  } else {
    add_inline_spans(text, paragraph, text.size(), spans);
  }
  return spans;
}

}  // namespace parley::text
