// Model families for tests of prompts: their tokenizers' tokens that steer the model, which no file
// flags as special, and chat templates shaped like theirs.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "prompt/prompt_format.hpp"
#include "tokenizer/files/tokenizer_json.hpp"
#include "tokenizer/reference_test_support.hpp"

namespace parley::test {

// A tokenizer to which tokens were added that its file does not flag as special, and a template.
class Family {
 public:
  Family(const std::string& tokenizer, std::string name, const std::string& source,
         const std::vector<std::string>& marks, const std::vector<std::string>& texts,
         bool normalized)
      : name(std::move(name)) {
    Json json = tokenizer_variant(tokenizer);
    Json& added = json["added_tokens"];  // some have flagged ones of the same spelling
    for (std::size_t i = added.size(); i-- > 0;) {
      if (std::ranges::find(texts, added[i]["content"].get<std::string>()) != texts.end())
        added.erase(added.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (const std::string& mark : marks)
      structural.push_back(add_token(json, mark, false, normalized));
    for (const std::string& each : texts) plain.push_back(add_token(json, each, false, normalized));
    text::TokenizerHints hints;
    hints.bos = "<bos>";
    hints.written = source;
    this->tokenizer = tokenizer_from_json(to_text(json), tokenizer, hints);
    chat_template = std::make_shared<text::ChatTemplate>(
        source, this->name, Json{{"bos_token", "<bos>"}, {"eos_token", "<eos>"}});
    format = std::make_unique<text::PromptFormat>(*this->tokenizer, chat_template,
                                                  std::vector<text::TokenId>{});
  }

  std::vector<text::TokenId> encode(const Json& messages, Json tools = {}) const {
    text::ChatInput input;
    input.messages = messages;
    input.tools = std::move(tools);
    return format->encode(input, {1 << 24}).ids;
  }
  std::vector<text::TokenId> encode_user(const std::string& text) const {
    return encode({{{"role", "user"}, {"content", text}}});
  }
  std::string render(const Json& messages, const Json& tools = {}) const {
    text::ChatInput input;
    input.messages = messages;
    input.tools = tools;
    return chat_template->render(input).text;
  }
  std::map<text::TokenId, std::ptrdiff_t> count(const std::vector<text::TokenId>& ids) const {
    std::map<text::TokenId, std::ptrdiff_t> out;
    for (const text::TokenId id : structural) out[id] = std::ranges::count(ids, id);
    return out;
  }
  std::ptrdiff_t count(const std::vector<text::TokenId>& ids, const char* token) const {
    return std::ranges::count(ids, tokenizer->special(token));
  }

  std::string name;
  std::vector<text::TokenId> structural, plain;
  std::unique_ptr<text::Tokenizer> tokenizer;
  std::shared_ptr<const text::ChatTemplate> chat_template;
  std::unique_ptr<text::PromptFormat> format;
};

inline const std::vector<std::string> kTexts = {"<h1>", "</h1>", "    ", "\n\n\n", "<s>", "</s>"};

// Shaped like families whose tokenizers do not flag what steers the model.
struct Shape {
  const char *name, *tokenizer, *source;
  std::vector<std::string> marks;
};
inline const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = {
      {"command_r",
       "llama3",
       "{{ bos_token }}{% for m in messages %}<|START_OF_TURN_TOKEN|>"
       "{% if m.role == 'assistant' %}<|CHATBOT_TOKEN|>{% if m.tool_calls %}<|START_ACTION|>"
       "{{ m.tool_calls | tojson }}<|END_ACTION|>{% endif %}{% if m.reasoning_content %}"
       "<|START_THINKING|>{{ m.reasoning_content }}<|END_THINKING|>{% endif %}"
       "{% elif m.role == 'user' %}<|USER_TOKEN|>{% else %}<|SYSTEM_TOKEN|>{% endif %}"
       "{{ m.content }}<|END_OF_TURN_TOKEN|>{% endfor %}{% for t in tools or [] %}<|SYSTEM_TOKEN|>"
       "{{ t | tojson }}{% endfor %}<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>",
       {"<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|CHATBOT_TOKEN|>", "<|USER_TOKEN|>",
        "<|SYSTEM_TOKEN|>", "<|START_ACTION|>", "<|END_ACTION|>", "<|START_THINKING|>",
        "<|END_THINKING|>", "<|START_RESPONSE|>", "<bos>"}},
      {"deepseek_v3",
       "deepseek",
       "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '<｜User｜>' + m.content "
       "}}"
       "{% elif m.role == 'assistant' %}{{ '<｜Assistant｜>' }}{% for c in m.tool_calls or [] %}"
       "{{ '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>' + c.function.name + '<｜tool▁sep｜>' ~ "
       "c.function.arguments | tojson + '<｜tool▁call▁end｜><｜tool▁calls▁end｜>' }}{% endfor %}"
       "{{ (m.content or '').split('</think>')[-1] + '<｜end▁of▁sentence｜>' }}"
       "{% elif m.role == 'tool' %}{{ '<｜tool▁output▁begin｜>' + m.content + "
       "'<｜tool▁output▁end｜>' }}{% else %}{{ m.content }}{% endif %}{% endfor %}"
       "{% for t in tools or [] %}{{ t.function.description }}{% endfor %}"
       "<｜Assistant｜><think>\n",
       {"<｜User｜>", "<｜Assistant｜>", "<｜end▁of▁sentence｜>", "<｜tool▁calls▁begin｜>",
        "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>",
        "<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>", "<think>", "</think>", "<bos>"}},
      {"qwen3",
       "qwen2",
       "{% for t in tools or [] %}<tools>{{ t | tojson }}</tools>{% endfor %}"
       "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}{% if m.reasoning_content %}"
       "{{ '<think>\n' + m.reasoning_content + '\n</think>\n\n' }}{% endif %}{% if m.role == "
       "'tool' %}"
       "<tool_response>\n{{ m.content }}\n</tool_response>{% else %}{{ m.content or '' }}{% endif "
       "%}"
       "{% for c in m.tool_calls or [] %}{{ '<tool_call>\n{\"name\": \"' ~ c.function.name ~ "
       "'\", \"arguments\": ' }}{{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}"
       "<|im_end|>\n{% endfor %}<|im_start|>assistant\n<think>\n\n</think>\n\n",
       {"<|im_start|>", "<|im_end|>", "<think>", "</think>", "<tool_call>", "</tool_call>",
        "<tool_response>", "</tool_response>", "<tools>", "</tools>", "<|endoftext|>"}},
      {"mistral",
       "tekken",
       "{{ bos_token }}{% for t in tools or [] %}[AVAILABLE_TOOLS]{{ t | tojson }}"
       "[/AVAILABLE_TOOLS]{% endfor %}{% for m in messages %}{% if m.role == 'user' %}"
       "{{ '[INST] ' + m.content | trim + ' [/INST]' }}{% elif m.role == 'tool' %}"
       "{{ '[TOOL_RESULTS]' ~ m.content ~ '[/TOOL_RESULTS]' }}{% elif m.tool_calls %}"
       "[TOOL_CALLS]{{ m.tool_calls | tojson }}{% else %}{{ m.content }}{% endif %}{% endfor %}",
       {"[INST]", "[/INST]", "[TOOL_CALLS]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]",
        "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[ARGS]", "[THINK]", "[/THINK]", "<bos>"}},
      {"gemma",
       "gemma",
       "{{ bos_token }}{% for m in messages %}{{ '<start_of_turn>' + ('model' if m.role == "
       "'assistant' else m.role) + '\n' + m.content | trim + '<end_of_turn>\n' }}{% endfor %}"
       "{% for t in tools or [] %}{{ t }}{% endfor %}<start_of_turn>model\n",
       {"<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>"}},
      {"roles_between_signs",
       "gpt2",
       "{% for m in messages %}{{ '<' + m.role + '>' + m.content + '</' + m.role + '>' }}"
       "{% endfor %}<assistant>~go~",
       {"<user>", "</user>", "<system>", "</system>", "<assistant>", "</assistant>", "~go~"}},
  };
  return all;
}

// One of shapes(), by name.
inline const Family& shape(const std::string& name) {
  static std::map<std::string, std::unique_ptr<Family>> made;
  auto& out = made[name];
  if (!out) {
    const auto found =
        std::ranges::find_if(shapes(), [&](const Shape& each) { return each.name == name; });
    out = std::make_unique<Family>(found->tokenizer, found->name, found->source, found->marks,
                                   kTexts, false);
  }
  return *out;
}

}  // namespace parley::test
