#include "message/part_event.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "message/part_json.hpp"
#include "message/plain_text.hpp"

namespace parley::message {
namespace {

void must(bool holds) {
  if (!holds) fail(ErrorKind::kInternal, "a part event out of order", "please report this");
}

template <typename Kind>
bool speaks(const Kind& part) {
  if constexpr (Spoken<Kind>) return !part.spoken().empty();
  return false;
}
bool speaks_at_all(const Part& part) {
  return std::visit([](const auto& kind) { return speaks(kind); }, part);
}

struct Apply {
  Parts& parts;

  void operator()(const PartBegins& event) const {
    must(event.index == parts.size());
    parts.push_back(event.part);
  }
  void operator()(const PartGrows& event) const {
    must(event.index + 1 == parts.size());
    std::visit(
        [&]<typename Kind>(Kind& part) {
          if constexpr (Growing<Kind>) {
            part.*Kind::kGrows += event.text;
          } else {
            must(false);
          }
        },
        parts.back());
  }
  void operator()(const PartWithdrawn& event) const {
    must(event.index + 1 == parts.size());
    parts.pop_back();
  }
};

}  // namespace

void apply_event(const PartEvent& event, Parts& parts) {
  std::visit(Apply{parts}, event);
}

std::string added_plain_text(const PartEvent& event, const Parts& parts) {
  const auto behind_gap = [&](std::string words) {
    const bool gap = !words.empty() && std::ranges::any_of(parts, speaks_at_all);
    return gap ? std::string(kPartGap) + words : words;
  };
  if (const auto* begun = std::get_if<PartBegins>(&event))
    return behind_gap(plain_text({begun->part}));
  const auto* more = std::get_if<PartGrows>(&event);
  if (!more) return {};
  must(more->index + 1 == parts.size());
  return std::visit(
      [&]<typename Kind>(const Kind& part) {
        if constexpr (!Spoken<Kind>)
          return std::string();
        else
          return speaks(part) ? more->text : behind_gap(more->text);
      },
      parts.back());
}

std::string_view event_name(const PartEvent& event) {
  constexpr std::string_view kNames[] = {"part_begin", "part_delta", "part_withdrawn"};
  return kNames[event.index()];
}

Json event_json(const PartEvent& event) {
  struct Write {
    Json operator()(const PartBegins& begun) const {
      return {{"index", begun.index}, {"part", to_json(begun.part)}};
    }
    Json operator()(const PartGrows& more) const {
      return {{"index", more.index}, {"text", more.text}};
    }
    Json operator()(const PartWithdrawn& gone) const { return {{"index", gone.index}}; }
  };
  return std::visit(Write{}, event);
}

}  // namespace parley::message
