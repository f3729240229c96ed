#include "chat/model/local_model.hpp"

#include <algorithm>
#include <utility>

#include "engine/grammar_constraint.hpp"

namespace parley::chat {
namespace {

class LocalReply : public ChatReply {
 public:
  LocalReply(engine::Engine& engine, engine::RequestId id, std::size_t left_out)
      : engine_(engine), id_(id), left_out_(left_out) {}
  ~LocalReply() override { engine_.cancel(id_); }
  void cancel() override { engine_.cancel(id_); }
  std::size_t left_out() const override { return left_out_; }

 private:
  engine::Engine& engine_;
  engine::RequestId id_;
  std::size_t left_out_;
};

// A prompt that fits is read whole; of a conversation that goes on for long, as much as leaves room
// for a reply of the length asked for, or a quarter of the context.
text::PromptRoom room_of(const ChatRequest& request, int context) {
  text::PromptRoom room;
  room.most = static_cast<std::size_t>(std::max(1, context - 1));
  if (request.may_leave_out) {
    const int reply = std::clamp(request.max_tokens, 1, std::max(1, context / 4));
    room.comfortable = static_cast<std::size_t>(std::max(1, context - reply));
  }
  return room;
}

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
  text::ChatInput input;
  input.messages = request.rich_messages.is_null() ? text::messages_json(request.messages)
                                                   : request.rich_messages;
  input.tools = request.tools;

  engine::Request job;
  text::EncodedPrompt prompt =
      format_.encode(input, room_of(request, engine_->model().context), request.begun);
  job.prompt = std::move(prompt.ids);
  job.sampling = request.sampling;
  job.max_tokens = request.max_tokens;
  job.stop = request.stop;
  job.stop_tokens = format_.stop_tokens();
  job.logprobs = request.logprobs;
  job.spelled_tokens = format_.spelled_tokens();
  if (request.grammar) {
    job.constraint = std::make_shared<engine::GrammarConstraint>(request.grammar, token_table());
  }
  const engine::RequestId id = engine_->submit(std::move(job), std::move(on_update));
  return std::make_unique<LocalReply>(*engine_, id, prompt.left_out);
}

std::unique_ptr<LocalModel> load_local_model(const package::ModelPackage& model, std::string name,
                                             const engine::Options& options,
                                             const package::ModelPackage* draft) {
  auto chat_template = model.chat_template();  // what is wrong with it is said first
  return std::make_unique<LocalModel>(engine::Engine::load(model, options, draft), std::move(name),
                                      std::move(chat_template));
}

}  // namespace parley::chat
