#include "prompt/chat_format.hpp"

#include "base/error.hpp"
#include "tokenizer/files/tokenizer_json.hpp"

namespace parley::text {

const char* const kChatTemplateJinja =
    "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + "
    "message['content'] + '<|end|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

void write_chat_tokenizer_config(const std::filesystem::path& path, int context) {
  write_tokenizer_config(path, {kBos, kEnd, kChatTemplateJinja, context});
}

namespace {

TokenId require(const Tokenizer& tokenizer, std::string_view spelling) {
  const TokenId id = tokenizer.special(spelling);
  if (id < 0) {
    fail(ErrorKind::kInvalidInput, "the tokenizer has no special token " + std::string(spelling),
         "use a chat model trained by `parley train`; a plain language model works with `parley "
         "generate`");
  }
  return id;
}

TokenId role_token(const Tokenizer& tokenizer, const std::string& role) {
  if (role != "system" && role != "user" && role != "assistant") {
    fail(ErrorKind::kInvalidInput, "unknown message role '" + role + "'",
         "expected system, user or assistant");
  }
  return require(tokenizer, "<|" + role + "|>");
}

// <|role|>content<|end|>
std::vector<TokenId> encode_message(const Tokenizer& tokenizer, const ChatMessage& message) {
  std::vector<TokenId> ids = {role_token(tokenizer, message.role)};
  tokenizer.encode(message.content, ids);
  ids.push_back(require(tokenizer, kEnd));
  return ids;
}

}  // namespace

EncodedChat encode_chat(const Tokenizer& tokenizer, const std::vector<ChatMessage>& messages) {
  EncodedChat out;
  out.ids = {require(tokenizer, kBos)};
  out.is_target = {0};
  for (const ChatMessage& message : messages) {
    const std::vector<TokenId> ids = encode_message(tokenizer, message);
    out.ids.insert(out.ids.end(), ids.begin(), ids.end());
    out.is_target.push_back(0);
    out.is_target.insert(out.is_target.end(), ids.size() - 1, message.role == "assistant" ? 1 : 0);
  }
  return out;
}

EncodedChat encode_document(const Tokenizer& tokenizer, std::string_view text) {
  EncodedChat out;
  out.ids = {require(tokenizer, kBos), require(tokenizer, kDocument)};
  tokenizer.encode(text, out.ids);
  out.ids.push_back(require(tokenizer, kEnd));
  out.is_target.assign(out.ids.size(), 1);
  out.is_target[0] = out.is_target[1] = 0;
  return out;
}

std::vector<TokenId> encode_prompt(const Tokenizer& tokenizer,
                                   const std::vector<ChatMessage>& messages) {
  if (messages.empty())
    fail(ErrorKind::kInvalidInput, "messages is empty", "send at least one user message");
  std::vector<TokenId> ids = encode_chat(tokenizer, messages).ids;
  ids.push_back(require(tokenizer, kAssistant));
  return ids;
}

}  // namespace parley::text
