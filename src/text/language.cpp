#include "text/language.hpp"

#include <cstdio>  // CLD2's header needs FILE

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include <cctype>

#include "text/utf8.hpp"

namespace parley::text {

std::string detect_language(std::string_view text) {
  text = utf8_prefix(text, 256);
  bool reliable = false;
  const CLD2::Language language =
      CLD2::DetectLanguage(text.data(), static_cast<int>(text.size()), true, &reliable);
  if (!reliable || language == CLD2::UNKNOWN_LANGUAGE) return "?";
  return CLD2::LanguageCode(language);
}

std::string language_name(std::string_view code) {
  if (code == "?") return "undetermined";
  const std::string text(code);
  const CLD2::Language language = CLD2::GetLanguageFromName(text.c_str());
  if (language == CLD2::UNKNOWN_LANGUAGE) return text;
  std::string name = CLD2::LanguageName(language);  // "ENGLISH"
  for (std::size_t i = 1; i < name.size(); ++i) {
    name[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return name;
}

}  // namespace parley::text
