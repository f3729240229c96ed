#include "prompt/prompt_format.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "prompt/chat_format.hpp"

namespace parley::text {
namespace {

bool speaks_parley(const Tokenizer& tokenizer) {
  return tokenizer.special(kAssistant) >= 0 && tokenizer.special(kEnd) >= 0 &&
         tokenizer.special(kDocument) >= 0;
}

// The messages, where they are nothing but roles and texts, and there are no tools.
std::optional<std::vector<ChatMessage>> plain_messages(const ChatInput& input) {
  if (!input.tools.is_null()) return std::nullopt;
  std::vector<ChatMessage> out;
  for (const Json& message : input.messages) {
    const bool plain = message.size() == 2 && message.contains("role") &&
                       message["role"].is_string() && message.contains("content") &&
                       message["content"].is_string();
    if (!plain) return std::nullopt;
    out.push_back({message["role"], message["content"]});
  }
  return out;
}

// A base model has no turns: it continues the text, its end kept when all does not fit.
std::vector<TokenId> encode_plain(const Tokenizer& tokenizer, const Json& messages,
                                  std::size_t room) {
  std::string all;
  for (const Json& message : messages) {
    const Json content = message.value("content", Json());
    if (message.value("role", Json()) == "system" || !content.is_string()) continue;
    if (!all.empty()) all += '\n';
    all += content.get_ref<const std::string&>();
  }
  std::vector<TokenId> ids;
  const TokenId start = std::max(tokenizer.special(kBos), tokenizer.bos());
  if (start >= 0) ids.push_back(start);
  const std::vector<TokenId> words = tokenizer.encode(all);
  const std::size_t left = room - ids.size();
  const std::size_t skipped = words.size() > left ? words.size() - left : 0;
  ids.insert(ids.end(), words.begin() + static_cast<std::ptrdiff_t>(skipped), words.end());
  return ids;
}

// Which bytes of a rendered prompt are the program's words: what the template wrote, and of what an
// assistant said before the marks of its calls and reasoning, which are its to write. A mark each.
std::string written_bytes(const jinja::Rendered& prompt,
                          const std::vector<std::string_view>& assistants) {
  using jinja::Author;
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

}  // namespace

PromptFormat::PromptFormat(const Tokenizer& tokenizer,
                           std::shared_ptr<const ChatTemplate> chat_template,
                           std::vector<TokenId> end_tokens)
    : tokenizer_(tokenizer), template_(std::move(chat_template)), stops_(std::move(end_tokens)) {
  if (template_) learn_style();
  const std::vector<std::string_view> parting = parting_markers(style_.calls);
  // Ends of turns under the names that the families give them: a checkpoint's own list often names
  // only the end of a text.
  const std::string_view html[] = {"<s>", "</s>"};  // to Gemma, which does not flag them
  for (const std::string_view end :
       {kEnd, kBos, html[0], html[1], std::string_view("<|im_end|>"),
        std::string_view("<|eot_id|>"), std::string_view("<|eom_id|>"),
        std::string_view("<end_of_turn>"), std::string_view("<|endoftext|>"),
        std::string_view("<|end_of_text|>")}) {
    const TokenId id = tokenizer.special(end);
    if (id < 0 || std::ranges::find(stops_, id) != stops_.end()) continue;
    if (std::ranges::find(parting, end) != parting.end()) continue;
    if (std::ranges::find(html, end) == std::end(html) || tokenizer.is_special(id))
      stops_.push_back(id);
  }
}

void PromptFormat::learn_style() {
  const std::string_view source = template_->source(true);
  style_.calls = detect_tool_call_style(source);
  assistants_ = tool_call_markers(style_.calls);
  for (const auto& [open, close] : reasoning_markers()) {
    style_.reasons = style_.reasons || source.find(open) != std::string_view::npos;
    assistants_.push_back(open);
    assistants_.push_back(close);
  }
  std::vector<std::string_view> spelled = assistants_;
  for (const std::string_view marker : parting_markers(style_.calls)) {
    style_.reasons = true;
    spelled.push_back(marker);
  }
  for (const std::string_view marker : spelled) {
    const TokenId id = tokenizer_.special(marker);
    if (id >= 0 && tokenizer_.is_special(id)) spelled_.push_back(id);
  }
  learn_reasoning(Json::object(), style_);
}

void PromptFormat::learn_reasoning(const Json& extra, WritingStyle& style) const {
  ChatInput sample;
  sample.messages = messages_json({{"user", "Hello"}});
  sample.extra = extra;
  style.opens_in_reasoning = false;
  try {
    const std::string prompt = template_->render(sample).text;
    style.opens_in_reasoning = prompt_opens_reasoning(prompt);
    for (const auto& [open, close] : reasoning_markers()) {
      if (prompt.find(open) != std::string::npos) style.ends_reasoning = close;
    }
  } catch (
      const Error&) {  // it wants more than one message: then its replies are taken as they are
  }
}

WritingStyle PromptFormat::style(const Json& extra) const {
  if (extra.empty()) return style_;
  expect_variables(extra, false);
  WritingStyle style = style_;
  learn_reasoning(extra, style);
  return style;
}

// Without a template nothing reads them.
void PromptFormat::expect_variables(const Json& extra, bool with_tools) const {
  if (template_) return template_->expect_variables(extra, with_tools);
  if (extra.is_object() && extra.empty()) return;
  fail(ErrorKind::kInvalidInput, "this model has no chat template that could take variables",
       "leave them out");
}

std::vector<TokenId> PromptFormat::encode_rendered(const ChatInput& input) const {
  const jinja::Rendered prompt = template_->render(input);
  std::vector<TokenId> ids;
  tokenizer_.encode_written(prompt.text, written_bytes(prompt, assistants_), ids);
  return ids;
}

std::vector<TokenId> PromptFormat::encode_template(ChatInput input, std::size_t room) const {
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

std::vector<TokenId> PromptFormat::encode(const ChatInput& input, std::size_t room,
                                          std::string_view begun) const {
  expect_variables(input.extra, !input.tools.is_null());
  std::vector<TokenId> opening;
  if (!begun.empty()) opening = tokenizer_.encode_with_special(begun);
  std::vector<TokenId> ids = encode_messages(input, room - std::min(room - 1, opening.size()));
  ids.insert(ids.end(), opening.begin(), opening.end());
  return ids;
}

std::vector<TokenId> PromptFormat::encode_messages(const ChatInput& input, std::size_t room) const {
  if (speaks_parley(tokenizer_)) {
    if (const auto plain = plain_messages(input)) return encode_prompt(tokenizer_, *plain, room);
  }
  if (template_) return encode_template(input, room);
  return encode_plain(tokenizer_, input.messages, room);
}

}  // namespace parley::text
