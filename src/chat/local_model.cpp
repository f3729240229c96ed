#include "chat/local_model.hpp"

#include <algorithm>
#include <utility>

namespace parley::chat {
namespace {

using text::TokenId;
using text::Tokenizer;

class LocalReply : public ChatReply {
 public:
  LocalReply(engine::Engine& engine, engine::RequestId id) : engine_(engine), id_(id) {}
  ~LocalReply() override { engine_.cancel(id_); }
  void cancel() override { engine_.cancel(id_); }

 private:
  engine::Engine& engine_;
  engine::RequestId id_;
};

bool speaks_chat(const Tokenizer& tokenizer) {
  return tokenizer.special(text::kAssistant) >= 0 && tokenizer.special(text::kEnd) >= 0;
}

// A base model has no turns: it continues the text, its end kept when all does not fit.
std::vector<TokenId> encode_plain(const Tokenizer& tokenizer,
                                  const std::vector<text::ChatMessage>& messages,
                                  std::size_t max_tokens) {
  std::string all;
  for (const text::ChatMessage& message : messages) {
    if (message.role == "system") continue;
    if (!all.empty()) all += '\n';
    all += message.content;
  }
  std::vector<TokenId> ids;
  const TokenId start = std::max(tokenizer.special(text::kBos), tokenizer.special("<s>"));
  if (start >= 0) ids.push_back(start);
  const std::vector<TokenId> words = tokenizer.encode(all);
  const std::size_t room = max_tokens - ids.size();
  const std::size_t skipped = words.size() > room ? words.size() - room : 0;
  ids.insert(ids.end(), words.begin() + static_cast<std::ptrdiff_t>(skipped), words.end());
  return ids;
}

}  // namespace

LocalModel::LocalModel(std::unique_ptr<engine::Engine> engine, std::string name)
    : name_(std::move(name)), engine_(std::move(engine)) {}

std::unique_ptr<ChatReply> LocalModel::start(const ChatRequest& request,
                                             engine::OnUpdate on_update) {
  const Tokenizer& tokenizer = engine_->tokenizer();
  const int context = engine_->model().context;
  const int reserved = std::clamp(request.max_tokens, 1, std::max(1, context / 2));
  const auto room = static_cast<std::size_t>(std::max(2, context - reserved));

  engine::Request job;
  job.prompt = speaks_chat(tokenizer) ? text::encode_prompt(tokenizer, request.messages, room)
                                      : encode_plain(tokenizer, request.messages, room);
  job.sampling = request.sampling;
  job.max_tokens =
      std::clamp(request.max_tokens, 1, std::max(1, context - static_cast<int>(job.prompt.size())));
  job.stop = request.stop;
  for (const std::string_view end :
       {text::kEnd, text::kBos, std::string_view("<s>"), std::string_view("</s>")}) {
    if (const TokenId id = tokenizer.special(end); id >= 0) job.stop_tokens.push_back(id);
  }
  return std::make_unique<LocalReply>(*engine_,
                                      engine_->submit(std::move(job), std::move(on_update)));
}

}  // namespace parley::chat
