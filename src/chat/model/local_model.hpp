// The chat model that runs in this process: the engine, spoken to in the chat format of its
// tokenizer.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "chat/model/chat_model.hpp"
#include "constraint/token_table.hpp"
#include "engine/engine.hpp"
#include "package/model_package.hpp"
#include "prompt/prompt_format.hpp"

namespace parley::chat {

class LocalModel : public ChatModel {
 public:
  // `name` is what clients see as the model's id.
  LocalModel(std::unique_ptr<engine::Engine> engine, std::string name,
             std::shared_ptr<const text::ChatTemplate> chat_template = nullptr);

  std::string name() const override { return name_; }
  // The oldest exchanges are left out of a prompt that would leave no room for the reply: up to
  // max_tokens, but at most half of the context, is kept for it. A model whose tokenizer knows no
  // roles, and has no chat template, continues the plain text.
  std::unique_ptr<ChatReply> start(const ChatRequest& request, engine::OnUpdate on_update) override;
  engine::ModelInfo info() const override { return engine_->model(); }
  engine::Stats stats() const override { return engine_->stats(); }
  text::WritingStyle style() const override { return format_.style(); }
  engine::Engine* engine() override { return engine_.get(); }

 private:
  std::shared_ptr<const engine::TokenTable> token_table();

  std::string name_;
  std::unique_ptr<engine::Engine> engine_;
  text::PromptFormat format_;
  std::once_flag table_made_;
  std::shared_ptr<const engine::TokenTable> table_;  // made when the first grammar is asked for
};

// Loads a model's weights; `draft` as Engine::load() has it. Errors: as there.
std::unique_ptr<LocalModel> load_local_model(const package::ModelPackage& model, std::string name,
                                             const engine::Options& options,
                                             const package::ModelPackage* draft = nullptr);

}  // namespace parley::chat
