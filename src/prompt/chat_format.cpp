#include "prompt/chat_format.hpp"

#include <algorithm>

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
    out.is_target.insert(out.is_target.end(), ids.size() - 1,
                         message.role == "assistant" && message.learned ? 1 : 0);
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
                                   const std::vector<ChatMessage>& messages,
                                   std::size_t max_tokens) {
  if (messages.empty())
    fail(ErrorKind::kInvalidInput, "messages is empty", "send at least one user message");
  std::vector<std::vector<TokenId>> parts;
  parts.reserve(messages.size());
  for (const ChatMessage& message : messages) parts.push_back(encode_message(tokenizer, message));

  const bool has_system = messages.size() > 1 && messages[0].role == "system";
  const std::size_t first = has_system ? 1 : 0;
  std::size_t total = 2 + (has_system ? parts[0].size() : 0);  // <|bos|>, <|assistant|>
  for (std::size_t i = first; i < parts.size(); ++i) total += parts[i].size();
  std::size_t from = first;
  while (total > max_tokens && from + 1 < parts.size()) {
    // One whole exchange: up to the next user message.
    do {
      total -= parts[from].size();
      ++from;
    } while (from + 1 < parts.size() && messages[from].role != "user");
  }
  if (total > max_tokens) {  // the last message alone is too long: keep its role, its end and its
                             // newest text
    std::vector<TokenId>& last = parts.back();
    const std::size_t over = std::min(total - max_tokens, last.size() > 2 ? last.size() - 2 : 0);
    last.erase(last.begin() + 1, last.begin() + 1 + static_cast<std::ptrdiff_t>(over));
  }
  std::vector<TokenId> out = {require(tokenizer, kBos)};
  if (has_system) out.insert(out.end(), parts[0].begin(), parts[0].end());
  for (std::size_t i = from; i < parts.size(); ++i)
    out.insert(out.end(), parts[i].begin(), parts[i].end());
  out.push_back(require(tokenizer, kAssistant));
  return out;
}

}  // namespace parley::text
