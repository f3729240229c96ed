// The families, and what is asked of all of them.
#include <algorithm>

#include "prompt/families/family.hpp"

namespace parley::text {
namespace {

// Those whose signs no other family's templates have come first.
constexpr const Family* kFamilies[] = {&kMistral,     &kCommandR, &kDeepSeek, &kKimi,
                                       &kHarmony,     &kPhi,      &kLfm,      &kGlm,
                                       &kFunctionary, &kHermes,   &kPythonic, &kLlama};

}  // namespace

std::span<const Family* const> families() {
  return kFamilies;
}

const Family* family_of(ToolCallStyle style) {
  const auto found =
      std::ranges::find_if(kFamilies, [&](const Family* family) { return family->style == style; });
  return found == std::end(kFamilies) ? nullptr : *found;
}

ToolCallStyle detect_tool_call_style(std::string_view source) {
  const auto has = [&](std::string_view part) { return source.find(part) != source.npos; };
  for (const Family* family : kFamilies) {
    if (std::ranges::any_of(family->signs, has) && std::ranges::all_of(family->and_all, has))
      return family->style;
  }
  return ToolCallStyle::kNone;
}

std::string_view tool_call_style_name(ToolCallStyle style) {
  const Family* family = family_of(style);
  return family != nullptr ? family->name : "none";
}

std::vector<std::string_view> tool_call_markers(ToolCallStyle style) {
  std::vector<std::string_view> markers;
  const Family* family = family_of(style);
  if (family == nullptr) return markers;
  for (const Envelope& envelope : family->envelopes) {
    if (envelope.around_all || envelope.at_line) continue;
    for (const std::string_view mark : {envelope.open, envelope.close}) {
      if (!mark.empty() && std::ranges::find(markers, mark) == markers.end())
        markers.push_back(mark);
    }
  }
  markers.insert(markers.end(), family->inner.begin(), family->inner.end());
  return markers;
}

std::vector<std::string_view> parting_markers(ToolCallStyle style) {
  const Family* family = family_of(style);
  if (family == nullptr) return {};
  return {family->parting.begin(), family->parting.end()};
}

// Harmony's is made of marks that part turns, which nobody but the template writes.
std::vector<std::pair<std::string_view, std::string_view>> reasoning_markers() {
  std::vector<std::pair<std::string_view, std::string_view>> markers;
  for (const Family* family : kFamilies) {
    const std::pair one(family->reasoning.open, family->reasoning.close);
    if (family->parting.empty() && std::ranges::find(markers, one) == markers.end())
      markers.push_back(one);
  }
  return markers;
}

bool prompt_opens_reasoning(std::string_view prompt) {
  const std::size_t end = prompt.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return false;
  prompt = prompt.substr(0, end + 1);
  return std::ranges::any_of(
      kFamilies, [&](const Family* family) { return prompt.ends_with(family->reasoning.open); });
}

}  // namespace parley::text
