// Messages to the tokens a model reads: in the native format of the models Parley trains, by the
// model's own chat template, or as plain text for a model that knows no turns.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "chat/model/chat_model.hpp"
#include "prompt/chat_template.hpp"
#include "prompt/writing_style.hpp"

namespace parley::chat {

class PromptFormat {
 public:
  // `chat_template` may be null. The tokenizer outlives this.
  PromptFormat(const text::Tokenizer& tokenizer,
               std::shared_ptr<const text::ChatTemplate> chat_template,
               std::vector<text::TokenId> end_tokens);

  // At most `room` tokens: the oldest exchanges are left out, the system message and the last
  // message never. No part of a message can become a token that steers the model, but for the
  // marks of calls and reasoning in what an assistant said.
  // Errors: kInvalidInput when the template refuses the messages, kLimit.
  std::vector<text::TokenId> encode(const ChatRequest& request, std::size_t room) const;
  // Ids that end a reply.
  const std::vector<text::TokenId>& stop_tokens() const { return stops_; }
  const text::WritingStyle& style() const { return style_; }
  // Special tokens whose spelling belongs to the reply's text: they open and close calls and
  // reasoning.
  const std::vector<text::TokenId>& spelled_tokens() const { return spelled_; }

 private:
  std::vector<text::TokenId> encode_template(const ChatRequest& request, std::size_t room) const;
  void learn_style();
  std::vector<text::TokenId> encode_messages(const ChatRequest& request, std::size_t room) const;
  std::vector<text::TokenId> encode_rendered(const text::ChatInput& input) const;

  const text::Tokenizer& tokenizer_;
  std::shared_ptr<const text::ChatTemplate> template_;
  std::vector<text::TokenId> stops_;
  std::vector<text::TokenId> spelled_;
  std::vector<std::string_view> assistants_;  // what opens and closes calls and reasoning
  text::WritingStyle style_;
};

// The template of a model folder or GGUF file; null where it has none.
// Errors: kInvalidInput when it has one that cannot be read.
std::shared_ptr<const text::ChatTemplate> load_chat_template(const std::filesystem::path& model);

}  // namespace parley::chat
