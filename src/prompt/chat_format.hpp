// The chat format of the models Parley trains. Every message is one special token naming the role,
// the text, and an end token; a conversation starts with <|bos|>:
//     <|bos|><|user|>Hi<|end|><|assistant|>Hello!<|end|>
// The same format is saved as the Jinja template of tokenizer_config.json.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.hpp"

namespace parley::text {

inline constexpr std::string_view kBos = "<|bos|>";
inline constexpr std::string_view kEnd = "<|end|>";
inline constexpr std::string_view kSystem = "<|system|>";
inline constexpr std::string_view kUser = "<|user|>";
inline constexpr std::string_view kAssistant = "<|assistant|>";
inline constexpr std::string_view kDocument = "<|document|>";
// In id order, from 0.
inline constexpr std::string_view kSpecialTokens[] = {kBos,  kEnd,       kSystem,
                                                      kUser, kAssistant, kDocument};

extern const char* const kChatTemplateJinja;

// tokenizer_config.json of a model that speaks this format.
void write_chat_tokenizer_config(const std::filesystem::path& path, int context);

struct ChatMessage {
  std::string role;  // system, user, assistant
  std::string content;
};

struct EncodedChat {
  std::vector<TokenId> ids;
  std::vector<std::uint8_t>
      is_target;  // 1 where the token is to be predicted in training: assistant text and its end
};

// Errors: kInvalidInput on an unknown role, or when the tokenizer lacks the special tokens.
EncodedChat encode_chat(const Tokenizer& tokenizer, const std::vector<ChatMessage>& messages);
// <|bos|><|document|>text<|end|>; every token after <|document|> is a target.
EncodedChat encode_document(const Tokenizer& tokenizer, std::string_view text);

// The prompt for the assistant's next message: the chat, then <|assistant|>.
std::vector<TokenId> encode_prompt(const Tokenizer& tokenizer,
                                   const std::vector<ChatMessage>& messages);

}  // namespace parley::text
