#include "chat/model/local_model.hpp"

#include <algorithm>
#include <utility>

#include "engine/grammar_constraint.hpp"

namespace parley::chat {
namespace {

class LocalReply : public ChatReply {
 public:
  LocalReply(engine::Engine& engine, engine::RequestId id) : engine_(engine), id_(id) {}
  ~LocalReply() override { engine_.cancel(id_); }
  void cancel() override { engine_.cancel(id_); }

 private:
  engine::Engine& engine_;
  engine::RequestId id_;
};

}  // namespace

LocalModel::LocalModel(std::unique_ptr<engine::Engine> engine, std::string name,
                       std::shared_ptr<const text::ChatTemplate> chat_template)
    : name_(std::move(name)),
      engine_(std::move(engine)),
      format_(engine_->tokenizer(), std::move(chat_template), engine_->model().end_tokens) {}

std::shared_ptr<const engine::TokenTable> LocalModel::token_table() {
  std::call_once(table_made_, [this] {
    table_ =
        std::make_shared<const engine::TokenTable>(engine_->tokenizer(), format_.stop_tokens());
  });
  return table_;
}

std::unique_ptr<ChatReply> LocalModel::start(const ChatRequest& request,
                                             engine::OnUpdate on_update) {
  const int context = engine_->model().context;
  const int reserved = std::clamp(request.max_tokens, 1, std::max(1, context / 2));
  const auto room = static_cast<std::size_t>(std::max(2, context - reserved));

  engine::Request job;
  job.prompt = format_.encode(request, room);
  job.sampling = request.sampling;
  job.max_tokens =
      std::clamp(request.max_tokens, 1, std::max(1, context - static_cast<int>(job.prompt.size())));
  job.stop = request.stop;
  job.stop_tokens = format_.stop_tokens();
  job.logprobs = request.logprobs;
  job.spelled_tokens = format_.spelled_tokens();
  if (request.grammar) {
    job.constraint = std::make_shared<engine::GrammarConstraint>(request.grammar, token_table());
  }
  return std::make_unique<LocalReply>(*engine_,
                                      engine_->submit(std::move(job), std::move(on_update)));
}

}  // namespace parley::chat
