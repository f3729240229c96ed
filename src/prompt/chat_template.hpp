// The chat template of a model: turns messages into the prompt that the model
// was trained on. Jinja of Hugging Face's libraries (jinja/template.hpp); chat_format.hpp is the
// native format of the models Parley trains.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/named_files.hpp"
#include "prompt/chat_format.hpp"
#include "prompt/jinja/template.hpp"
#include "prompt/template_habits.hpp"

namespace parley::text {

// What a chat template is given, in the shape of OpenAI's chat API.
struct ChatInput {
  // [{"role": …, "content": text, or a list of {"type": "text", "text": …}, …}]; with tool_calls,
  // tool_call_id, name, reasoning_content where a message has them. The arguments of calls may be
  // JSON text or an object, and content null beside calls: each template gets what it wants.
  Json messages = Json::array();
  Json tools;                         // [{"type": "function", "function": {…}}], or null
  Json documents;                     // [{"title": …, "text": …}], or null
  bool add_generation_prompt = true;  // end with what starts an assistant's message
  // More variables of the template's, such as {"enable_thinking": false}.
  Json extra = Json::object();
};

// The messages as ChatInput has them.
Json messages_json(const std::vector<ChatMessage>& messages);

// Thread-safe once made.
class ChatTemplate {
 public:
  // `source` is the template's text, `name` what errors call it. `special_tokens` are variables:
  // {"bos_token": "<s>", …}.
  // Errors: kInvalidInput "NAME:LINE: …", kLimit.
  ChatTemplate(std::string_view source, std::string name, Json special_tokens = Json::object());

  // One of several; render() chooses by `name`, errors call it `where`. What is wrong with the
  // template itself is said to who gave the file: `file` stands before `where` then.
  struct Source {
    std::string name, text, where, file;
  };
  ChatTemplate(const std::vector<Source>& sources, Json special_tokens);

  // Whether a model's files have a template that load() would find.
  static bool exists(const NamedFiles& files);

  // Reads chat_template.jinja and additional_chat_templates/*.jinja, else chat_template.json, else
  // "chat_template" of tokenizer_config.json (one template, or several with names); the special
  // tokens from tokenizer_config.json, else from special_tokens_map.json.
  // Errors: kNotFound where there is no template; kInvalidInput, kLimit, kIo.
  static ChatTemplate load(const NamedFiles& files);

  // The text of every template in those files, whether load() would take it or not.
  static std::string all_sources(const NamedFiles& files);

  // The prompt, the byte ranges of its {% generation %} blocks (what an assistant's turns are
  // trained on), and the author of each byte: roles are the template's words like its own, an
  // assistant's content is the assistant's, all else that is given is others'. Of several
  // templates, "tool_use" is taken where there are tools, else "default". Errors: kInvalidInput
  // "NAME:LINE: …" where the template refuses the messages (an unknown role, roles that do not
  // alternate) or fails, and as expect_variables() has it; kLimit. No error names a folder.
  jinja::Rendered render(const ChatInput& input, const Clock& clock = Clock::system()) const;

  // Whether render() would take `extra`. Errors: kInvalidInput that names what is not an object, is
  // taken ("messages", "bos_token", "raise_exception"), or stands nowhere in the template.
  void expect_variables(const Json& extra, bool with_tools) const;

  // The text of the template that render() takes; tool_calls.hpp reads from it how the model calls
  // tools.
  const std::string& source(bool with_tools) const { return chosen(with_tools).source; }
  const Json& special_tokens() const { return special_tokens_; }

 private:
  struct Named {
    std::string source;
    jinja::Template parsed;
    TemplateHabits habits;
  };
  ChatTemplate() = default;
  void add(const Source& source);
  const Named& chosen(bool with_tools) const;

  std::map<std::string, Named> templates_;  // by name; a single one is "default"
  Json special_tokens_ = Json::object();
};

}  // namespace parley::text
