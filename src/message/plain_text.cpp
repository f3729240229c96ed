#include "message/plain_text.hpp"

namespace parley::message {

std::string plain_text(const Parts& parts) {
  std::string out;
  const auto add = [&]<typename Kind>(const Kind& part) {
    if constexpr (Spoken<Kind>) {
      if (part.spoken().empty()) return;
      if (!out.empty()) out += kPartGap;
      out += part.spoken();
    }
  };
  for (const Part& part : parts) std::visit(add, part);
  return out;
}

Parts text_parts(std::string_view text) {
  return {TextPart{std::string(text)}};
}

}  // namespace parley::message
