#include "tokenizer/added_tokens.hpp"

#include <unicode/uchar.h>

#include "text/char_class.hpp"

namespace parley::text {
namespace {

// \w of Unicode's regular expressions.
bool is_word(char32_t c) {
  const auto code = static_cast<UChar32>(c);
  return u_hasBinaryProperty(code, UCHAR_ALPHABETIC) ||
         (U_GET_GC_MASK(code) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0 ||
         u_hasBinaryProperty(code, UCHAR_JOIN_CONTROL);
}

std::size_t character_before(std::string_view text, std::size_t at) {
  std::size_t start = at - 1;
  while (start > 0 && at - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80)
    --start;
  const auto length = static_cast<std::size_t>(decode_utf8(text, start).length);
  return start + length == at ? start : at - 1;
}

bool is_blank(char32_t c) {
  return (char_traits(c) & kWhite) || c == 0x2581;  // SentencePiece's space
}

// A role's name with signs at either side: "<user>", "[/assistant]", "System:".
bool names_role(std::string_view spelling) {
  std::string name;
  bool signs = false, behind = false;
  for (std::size_t at = 0; at < spelling.size();) {
    const DecodedChar c = decode_utf8(spelling, at);
    at += static_cast<std::size_t>(c.length);
    if (is_blank(c.code)) return false;
    if (!is_word(c.code)) {
      signs = true;
      behind = !name.empty();
    } else if (behind || c.code >= 0x80) {
      return false;
    } else {
      name += static_cast<char>(c.code | 0x20);  // lower case
    }
  }
  if (!signs) return false;
  for (const std::string_view role :
       {"system", "developer", "user", "human", "assistant", "bot", "model", "tool", "function"}) {
    if (name == role) return true;
  }
  return false;
}

constexpr std::string_view kWide = "\xEF\xBD\x9C";  // the vertical bar of DeepSeek's tokens

}  // namespace

bool spells_words(std::string_view spelling) {
  for (std::size_t at = 0; at < spelling.size();) {
    const DecodedChar c = decode_utf8(spelling, at);
    if (!is_word(c.code) && !is_blank(c.code)) return false;
    at += static_cast<std::size_t>(c.length);
  }
  return true;
}

bool spells_control(std::string_view spelling) {
  const auto between = [&](std::string_view open, std::string_view close) {
    return spelling.size() > open.size() + close.size() && spelling.starts_with(open) &&
           spelling.ends_with(close);
  };
  if (between("<|", "|>") || between(std::string("<").append(kWide), std::string(kWide) + ">"))
    return true;
  if (between("<start_of_", ">") || between("<end_of_", ">")) return true;
  // Not <s> and </s>: to Gemma they are HTML. Where they begin and end texts, files say so.
  for (const std::string_view known : {"<bos>",
                                       "<eos>",
                                       "<pad>",
                                       "<unk>",
                                       "<mask>",
                                       "[INST]",
                                       "[/INST]",
                                       "[AVAILABLE_TOOLS]",
                                       "[/AVAILABLE_TOOLS]",
                                       "[TOOL_CALLS]",
                                       "[TOOL_RESULTS]",
                                       "[/TOOL_RESULTS]",
                                       "[TOOL_CONTENT]",
                                       "[SYSTEM_PROMPT]",
                                       "[/SYSTEM_PROMPT]",
                                       "[ARGS]",
                                       "[CALL_ID]",
                                       "[THINK]",
                                       "[/THINK]",
                                       "<turn|>",
                                       "<|turn>",
                                       "<think>",
                                       "</think>",
                                       "<tools>",
                                       "</tools>",
                                       "<tool_call>",
                                       "</tool_call>",
                                       "<tool_calls>",
                                       "</tool_calls>",
                                       "<tool_response>",
                                       "</tool_response>",
                                       "<function_call>",
                                       "</function_call>"}) {
    if (spelling == known) return true;
  }
  return names_role(spelling);
}

AddedTokenMatcher::AddedTokenMatcher(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::vector<std::pair<std::string, std::int32_t>> entries;
  // Of two tokens with one spelling the first is found.
  for (std::size_t i = tokens_.size(); i-- > 0;)
    entries.emplace_back(tokens_[i].content, static_cast<std::int32_t>(i));
  trie_ = PieceTrie(entries);
}

bool AddedTokenMatcher::stands_alone(const AddedToken& token, std::string_view text,
                                     std::size_t start, std::size_t stop) {
  if (token.between_blanks) {
    return (start == 0 || text[start - 1] == ' ') && (stop == text.size() || text[stop] == ' ');
  }
  if (start > 0 && is_word(decode_utf8(text, character_before(text, start)).code)) return false;
  return stop == text.size() || !is_word(decode_utf8(text, stop).code);
}

std::size_t AddedTokenMatcher::white_space_before(std::string_view text, std::size_t start,
                                                  std::size_t least) {
  while (start > least) {
    const std::size_t before = character_before(text, start);
    if (!(char_traits(decode_utf8(text, before).code) & kWhite)) break;
    start = before;
  }
  return start;
}

std::size_t AddedTokenMatcher::white_space_after(std::string_view text, std::size_t stop) {
  while (stop < text.size()) {
    const DecodedChar c = decode_utf8(text, stop);
    if (!(char_traits(c.code) & kWhite)) break;
    stop += static_cast<std::size_t>(c.length);
  }
  return stop;
}

}  // namespace parley::text
