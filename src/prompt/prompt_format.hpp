// Messages to the tokens a model reads: in the native format of the models Parley trains, by the
// model's own chat template, or as plain text for a model that knows no turns.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "prompt/chat_template.hpp"
#include "prompt/writing_style.hpp"
#include "tokenizer/tokenizer.hpp"

namespace parley::text {

// How long a prompt may be.
struct PromptRoom {
  std::size_t most = 0;         // tokens, at most
  std::size_t comfortable = 0;  // the oldest exchanges are left out of one that has more; 0: never
};

struct EncodedPrompt {
  std::vector<TokenId> ids;
  std::size_t left_out = 0;  // messages, the oldest
};

class PromptFormat {
 public:
  // `chat_template` may be null. The tokenizer outlives this.
  PromptFormat(const Tokenizer& tokenizer, std::shared_ptr<const ChatTemplate> chat_template,
               std::vector<TokenId> end_tokens);

  // Every message is read whole or not at all; the system message and the last exchange always
  // are. No part of a message can become a token that steers the model, but for the marks of calls
  // and reasoning in what an assistant said. `begun` is what the reply begins with, the program's
  // own words; it counts among the tokens.
  // Errors: kInvalidInput when the template refuses the messages; kContextLength.
  EncodedPrompt encode(const ChatInput& input, PromptRoom room, std::string_view begun = {}) const;
  // Ids that end a reply.
  const std::vector<TokenId>& stop_tokens() const { return stops_; }
  const WritingStyle& style() const { return style_; }
  // Special tokens whose spelling belongs to the reply's text: they open and close calls and
  // reasoning.
  const std::vector<TokenId>& spelled_tokens() const { return spelled_; }

 private:
  void learn_style();
  std::vector<TokenId> encode_messages(const ChatInput& input) const;
  std::vector<TokenId> encode_rendered(const ChatInput& input) const;

  const Tokenizer& tokenizer_;
  std::shared_ptr<const ChatTemplate> template_;
  std::vector<TokenId> stops_;
  std::vector<TokenId> spelled_;
  std::vector<std::string_view> assistants_;  // what opens and closes calls and reasoning
  WritingStyle style_;
};

}  // namespace parley::text
