#include "chat/model/prompt.hpp"

#include <algorithm>
#include <string>

#include "base/error.hpp"
#include "nn/files/gguf.hpp"
#include "nn/files/packed_file.hpp"
#include "nn/files/weight_files.hpp"
#include "package/packed_model.hpp"

namespace parley::chat {
namespace {

using text::TokenId;
using text::Tokenizer;

bool speaks_parley(const Tokenizer& tokenizer) {
  return tokenizer.special(text::kAssistant) >= 0 && tokenizer.special(text::kEnd) >= 0 &&
         tokenizer.special(text::kDocument) >= 0;
}

// A base model has no turns: it continues the text, its end kept when all does not fit.
std::vector<TokenId> encode_plain(const Tokenizer& tokenizer,
                                  const std::vector<text::ChatMessage>& messages,
                                  std::size_t room) {
  std::string all;
  for (const text::ChatMessage& message : messages) {
    if (message.role == "system") continue;
    if (!all.empty()) all += '\n';
    all += message.content;
  }
  std::vector<TokenId> ids;
  const TokenId start = std::max(tokenizer.special(text::kBos), tokenizer.bos());
  if (start >= 0) ids.push_back(start);
  const std::vector<TokenId> words = tokenizer.encode(all);
  const std::size_t left = room - ids.size();
  const std::size_t skipped = words.size() > left ? words.size() - left : 0;
  ids.insert(ids.end(), words.begin() + static_cast<std::ptrdiff_t>(skipped), words.end());
  return ids;
}

// Which bytes of a rendered prompt are the program's words: what the template wrote, and of what an
// assistant said before the marks of its calls and reasoning, which are its to write. A mark each.
std::string written_bytes(const text::jinja::Rendered& prompt,
                          const std::vector<std::string_view>& assistants) {
  using text::jinja::Author;
  const auto by = [&](Author author) { return static_cast<char>(author); };
  std::string written(prompt.text.size(), '\0');
  for (std::size_t i = 0; i < written.size(); ++i)
    written[i] = prompt.authors[i] == by(Author::kTemplate) ? '\1' : '\0';
  const std::string_view text = prompt.text, authors = prompt.authors;
  for (std::size_t at = authors.find(by(Author::kAssistant)); at < authors.size();
       at = authors.find(by(Author::kAssistant), at)) {
    const std::size_t end =
        std::min(authors.find_first_not_of(by(Author::kAssistant), at), authors.size());
    const std::string_view said = text.substr(at, end - at);
    for (const std::string_view mark : assistants) {
      for (std::size_t found = said.find(mark); found != std::string_view::npos;
           found = said.find(mark, found + mark.size()))
        std::fill_n(written.begin() + static_cast<std::ptrdiff_t>(at + found), mark.size(), '\1');
    }
    at = end;
  }
  return written;
}

// Leaves out the oldest message after the system message, with what answers it.
bool drop_oldest(Json& messages) {
  const auto role = [&](std::size_t i) { return messages[i].value("role", std::string()); };
  const std::size_t first = !messages.empty() && role(0) == "system" ? 1 : 0;
  if (messages.size() < first + 2) return false;
  std::size_t end = first + 1;
  while (end + 1 < messages.size() && role(end) != "user") ++end;
  messages.erase(messages.begin() + static_cast<std::ptrdiff_t>(first),
                 messages.begin() + static_cast<std::ptrdiff_t>(end));
  return true;
}

// Of the files that a packed model carries.
std::shared_ptr<const text::ChatTemplate> packed_template(const std::filesystem::path& model) {
  auto files = engine::packed_model_files(model);
  std::string source = files["chat_template.jinja"];
  Json special = Json::object();
  if (const std::string& config = files["tokenizer_config.json"]; !config.empty()) {
    const Json root = parse_json(config, model.string() + ": tokenizer_config.json", kJsonDepth,
                                 RepeatedName::kLastHolds);
    for (const char* name : {"bos_token", "eos_token", "pad_token", "unk_token"}) {
      const Json token = root.is_object() ? root.value(name, Json()) : Json();
      if (token.is_string()) special[name] = token.get<std::string>();
      if (token.is_object() && token.contains("content") && token["content"].is_string())
        special[name] = token["content"].get<std::string>();
    }
    const Json held = root.is_object() ? root.value("chat_template", Json()) : Json();
    if (source.empty() && held.is_string()) source = held.get<std::string>();
  }
  if (source.empty()) return nullptr;
  return std::make_shared<text::ChatTemplate>(source, model.filename().string() + ": chat template",
                                              std::move(special));
}

}  // namespace

PromptFormat::PromptFormat(const Tokenizer& tokenizer,
                           std::shared_ptr<const text::ChatTemplate> chat_template,
                           std::vector<TokenId> end_tokens)
    : tokenizer_(tokenizer), template_(std::move(chat_template)), stops_(std::move(end_tokens)) {
  // Ends of turns under the names that the families give them: a checkpoint's own list often names
  // only the end of a text.
  const std::string_view html[] = {"<s>", "</s>"};  // to Gemma, which does not flag them
  for (const std::string_view end :
       {text::kEnd, text::kBos, html[0], html[1], std::string_view("<|im_end|>"),
        std::string_view("<|eot_id|>"), std::string_view("<|eom_id|>"),
        std::string_view("<end_of_turn>"), std::string_view("<|endoftext|>"),
        std::string_view("<|end_of_text|>")}) {
    const TokenId id = tokenizer.special(end);
    if (id < 0 || std::ranges::find(stops_, id) != stops_.end()) continue;
    if (std::ranges::find(html, end) == std::end(html) || tokenizer.is_special(id))
      stops_.push_back(id);
  }
  if (template_) learn_style();
}

void PromptFormat::learn_style() {
  const std::string_view source = template_->source(true);
  style_.calls = text::detect_tool_call_style(source);
  assistants_ = text::tool_call_markers(style_.calls);
  for (const auto& [open, close] : text::reasoning_markers()) {
    style_.reasons = style_.reasons || source.find(open) != std::string_view::npos;
    assistants_.push_back(open);
    assistants_.push_back(close);
  }
  for (const std::string_view marker : assistants_) {
    const TokenId id = tokenizer_.special(marker);
    if (id >= 0 && tokenizer_.is_special(id)) spelled_.push_back(id);
  }
  text::ChatInput sample;
  sample.messages = text::messages_json({{"user", "Hello"}});
  try {
    const std::string prompt = template_->render(sample).text;
    style_.opens_in_reasoning = text::prompt_opens_reasoning(prompt);
    for (const auto& [open, close] : text::reasoning_markers()) {
      if (prompt.find(open) != std::string::npos) style_.ends_reasoning = close;
    }
  } catch (
      const Error&) {  // it wants more than one message: then its replies are taken as they are
  }
}

std::vector<TokenId> PromptFormat::encode_rendered(const text::ChatInput& input) const {
  const text::jinja::Rendered prompt = template_->render(input);
  std::vector<TokenId> ids;
  tokenizer_.encode_written(prompt.text, written_bytes(prompt, assistants_), ids);
  return ids;
}

std::vector<TokenId> PromptFormat::encode_template(const ChatRequest& request,
                                                   std::size_t room) const {
  text::ChatInput input;
  input.messages = request.rich_messages.is_null() ? text::messages_json(request.messages)
                                                   : request.rich_messages;
  input.tools = request.tools;
  for (;;) {
    std::vector<TokenId> ids = encode_rendered(input);
    if (ids.size() <= room) return ids;
    if (!drop_oldest(input.messages)) {
      fail(ErrorKind::kLimit,
           "the last message has " + std::to_string(ids.size()) + " tokens; there is room for " +
               std::to_string(room),
           "shorten it");
    }
  }
}

std::vector<TokenId> PromptFormat::encode(const ChatRequest& request, std::size_t room) const {
  std::vector<TokenId> begun;
  // The program's own words: what opens a call in the family's notation.
  if (!request.begun.empty()) begun = tokenizer_.encode_with_special(request.begun);
  std::vector<TokenId> ids = encode_messages(request, room - std::min(room - 1, begun.size()));
  ids.insert(ids.end(), begun.begin(), begun.end());
  return ids;
}

std::vector<TokenId> PromptFormat::encode_messages(const ChatRequest& request,
                                                   std::size_t room) const {
  const bool plain = request.tools.is_null() && request.rich_messages.is_null();
  if (plain && speaks_parley(tokenizer_))
    return text::encode_prompt(tokenizer_, request.messages, room);
  if (template_) return encode_template(request, room);
  return encode_plain(tokenizer_, request.messages, room);
}

std::shared_ptr<const text::ChatTemplate> load_chat_template(const std::filesystem::path& model) {
  if (const auto gguf = nn::find_gguf(model); !gguf.empty()) {
    const nn::GgufFile file(gguf);
    const auto source = file.text("tokenizer.chat_template");
    if (!source) return nullptr;
    Json special = Json::object();
    const auto pieces = file.texts("tokenizer.ggml.tokens");
    for (const auto& [key, name] : {std::pair{"bos_token_id", "bos_token"},
                                    {"eos_token_id", "eos_token"},
                                    {"padding_token_id", "pad_token"}}) {
      const auto id = file.integer(std::string("tokenizer.ggml.") + key);
      if (id && pieces && *id >= 0 && *id < static_cast<std::int64_t>(pieces->size()))
        special[name] = std::string((*pieces)[static_cast<std::size_t>(*id)]);
    }
    return std::make_shared<text::ChatTemplate>(
        *source, gguf.filename().string() + ": tokenizer.chat_template", std::move(special));
  }
  if (nn::is_packed_file(model)) return packed_template(model);
  if (!text::ChatTemplate::exists(model)) return nullptr;
  return std::make_shared<text::ChatTemplate>(text::ChatTemplate::load(model));
}

}  // namespace parley::chat
