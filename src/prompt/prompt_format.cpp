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

// A base model has no turns: it continues the text.
std::vector<TokenId> encode_plain(const Tokenizer& tokenizer, const Json& messages) {
  std::string all;
  for (const Json& message : messages) {
    const Json content = message.value("content", Json());
    if (!content.is_string()) continue;
    if (!all.empty()) all += '\n';
    all += content.get_ref<const std::string&>();
  }
  std::vector<TokenId> ids;
  const TokenId start = std::max(tokenizer.special(kBos), tokenizer.bos());
  if (start >= 0) ids.push_back(start);
  tokenizer.encode(all, ids);
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

Json role_of(const Json& message) {
  return message.is_object() ? message.value("role", Json()) : Json();
}

// How many messages after the system message can be left out: whole exchanges, but not the last.
std::vector<std::size_t> leaveable(const Json& messages, std::size_t first) {
  std::vector<std::size_t> out;
  for (std::size_t i = first + 1; i < messages.size(); ++i) {
    if (role_of(messages[i]) == "user") out.push_back(i - first);
  }
  return out;
}

[[noreturn]] void refuse_length(std::size_t tokens, std::size_t most, bool alone) {
  fail(ErrorKind::kContextLength,
       std::string(alone ? "the last message" : "the conversation") + " has " +
           std::to_string(tokens) + " tokens; this model reads at most " + std::to_string(most) +
           " at once",
       alone ? "shorten it" : "shorten it, or leave out its oldest messages");
}

}  // namespace

PromptFormat::PromptFormat(const Tokenizer& tokenizer,
                           std::shared_ptr<const ChatTemplate> chat_template,
                           std::vector<TokenId> end_tokens)
    : tokenizer_(tokenizer), template_(std::move(chat_template)), stops_(std::move(end_tokens)) {
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
    if (std::ranges::find(html, end) == std::end(html) || tokenizer.is_special(id))
      stops_.push_back(id);
  }
  if (template_) learn_style();
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
  for (const std::string_view marker : assistants_) {
    const TokenId id = tokenizer_.special(marker);
    if (id >= 0 && tokenizer_.is_special(id)) spelled_.push_back(id);
  }
  ChatInput sample;
  sample.messages = messages_json({{"user", "Hello"}});
  try {
    const std::string prompt = template_->render(sample).text;
    style_.opens_in_reasoning = prompt_opens_reasoning(prompt);
    for (const auto& [open, close] : reasoning_markers()) {
      if (prompt.find(open) != std::string::npos) style_.ends_reasoning = close;
    }
  } catch (
      const Error&) {  // it wants more than one message: then its replies are taken as they are
  }
}

std::vector<TokenId> PromptFormat::encode_rendered(const ChatInput& input) const {
  const jinja::Rendered prompt = template_->render(input);
  std::vector<TokenId> ids;
  tokenizer_.encode_written(prompt.text, written_bytes(prompt, assistants_), ids);
  return ids;
}

std::vector<TokenId> PromptFormat::encode_messages(const ChatInput& input) const {
  if (speaks_parley(tokenizer_)) {
    if (const auto plain = plain_messages(input)) return encode_prompt(tokenizer_, *plain);
  }
  if (template_) return encode_rendered(input);
  return encode_plain(tokenizer_, input.messages);
}

EncodedPrompt PromptFormat::encode(const ChatInput& input, PromptRoom room,
                                   std::string_view begun) const {
  std::vector<TokenId> opening;
  if (!begun.empty()) opening = tokenizer_.encode_with_special(begun);
  const Json& messages = input.messages;
  const std::size_t first = !messages.empty() && role_of(messages[0]) == "system" ? 1 : 0;
  const auto without = [&](std::size_t left_out) {
    ChatInput rest = input;
    const auto from = rest.messages.begin() + static_cast<std::ptrdiff_t>(first);
    rest.messages.erase(from, from + static_cast<std::ptrdiff_t>(left_out));
    return EncodedPrompt{encode_messages(rest), left_out};
  };
  EncodedPrompt prompt{encode_messages(input), 0};
  const bool leaves_out = room.comfortable > 0;
  const auto fits = [&](const EncodedPrompt& each) {
    return each.ids.size() + opening.size() <=
           (leaves_out ? std::min(room.comfortable, room.most) : room.most);
  };
  if (leaves_out && !fits(prompt)) {
    // As few as possible: leaving more out never makes a prompt longer.
    const std::vector<std::size_t> counts = leaveable(messages, first);
    const auto enough = std::ranges::partition_point(
        counts, [&](std::size_t count) { return !fits(without(count)); });
    if (!counts.empty()) prompt = without(enough == counts.end() ? counts.back() : *enough);
  }
  if (prompt.ids.size() + opening.size() > room.most)
    refuse_length(prompt.ids.size() + opening.size(), room.most, leaves_out);
  prompt.ids.insert(prompt.ids.end(), opening.begin(), opening.end());
  return prompt;
}

}  // namespace parley::text
