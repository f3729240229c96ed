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

class PromptFormat {
 public:
  // `chat_template` may be null. The tokenizer outlives this.
  PromptFormat(const Tokenizer& tokenizer, std::shared_ptr<const ChatTemplate> chat_template,
               std::vector<TokenId> end_tokens);

  // At most `room` tokens: the oldest exchanges are left out, the system message and the last
  // message never. No part of a message can become a token that steers the model, but for the
  // marks of calls and reasoning in what an assistant said. `begun` is what the reply begins with,
  // the program's own words; it counts among the tokens.
  // Errors: kInvalidInput when the template refuses the messages or the variables, kLimit.
  std::vector<TokenId> encode(const ChatInput& input, std::size_t room,
                              std::string_view begun = {}) const;
  // Ids that end a reply.
  const std::vector<TokenId>& stop_tokens() const { return stops_; }
  const WritingStyle& style() const { return style_; }
  // The same where the template is given these variables (ChatInput::extra): some turn the
  // reasoning off. Errors: kInvalidInput as of ChatTemplate::expect_variables.
  WritingStyle style(const Json& extra) const;
  // Special tokens whose spelling belongs to the reply's text: they open and close calls and
  // reasoning.
  const std::vector<TokenId>& spelled_tokens() const { return spelled_; }

 private:
  void learn_style();
  void expect_variables(const Json& extra, bool with_tools) const;
  void learn_reasoning(const Json& extra, WritingStyle& style) const;
  std::vector<TokenId> encode_messages(const ChatInput& input, std::size_t room) const;
  std::vector<TokenId> encode_template(ChatInput input, std::size_t room) const;
  std::vector<TokenId> encode_rendered(const ChatInput& input) const;

  const Tokenizer& tokenizer_;
  std::shared_ptr<const ChatTemplate> template_;
  std::vector<TokenId> stops_;
  std::vector<TokenId> spelled_;
  std::vector<std::string_view> assistants_;  // what opens and closes calls and reasoning
  WritingStyle style_;
};

}  // namespace parley::text
