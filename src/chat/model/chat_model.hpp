// What the reply stage asks of a model. Two makers: the local engine (local_model.hpp) and, later,
// any OpenAI-compatible upstream.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "constraint/grammar.hpp"
#include "engine/engine.hpp"
#include "prompt/chat_format.hpp"
#include "prompt/writing_style.hpp"

namespace parley::chat {

struct ChatRequest {
  std::vector<text::ChatMessage> messages;
  engine::Sampling sampling;
  int max_tokens = 256;
  std::vector<std::string> stop;
  engine::GrammarPtr grammar;  // what the reply must look like; null: anything
  int logprobs = -1;           // as engine::Request has it
  // Given to the model's chat template: the messages with tool calls, results and reasoning, where
  // they have any, and the tools. Null otherwise.
  Json rich_messages, tools;
  std::string begun;  // what the reply begins with, put there for the model; not part of the text
  // Where a conversation is longer than the model's context its oldest exchanges are left out, to
  // leave room for a reply. Otherwise nothing ever is: too long is an error.
  bool may_leave_out = false;
};

// A running reply. Destroying it cancels the reply; after cancel() or destruction the model stops
// within one step. cancel() is thread-safe.
class ChatReply {
 public:
  virtual ~ChatReply() = default;
  virtual void cancel() = 0;
  virtual std::size_t left_out() const { return 0; }  // messages, the conversation's oldest
};

class ChatModel {
 public:
  virtual ~ChatModel() = default;
  virtual std::string name() const = 0;
  // Starts a reply; `on_update` is called on the model's thread, the last time with finished =
  // true. Errors: kUnavailable when too many requests wait; kContextLength.
  virtual std::unique_ptr<ChatReply> start(const ChatRequest& request,
                                           engine::OnUpdate on_update) = 0;
  // What is known about the model, and what it is doing now; empty where a model cannot tell.
  virtual engine::ModelInfo info() const { return {}; }
  virtual engine::Stats stats() const { return {}; }
  virtual text::WritingStyle style() const { return {}; }
  // The engine, where the model runs in this process: for what is not a conversation.
  virtual engine::Engine* engine() { return nullptr; }
};

}  // namespace parley::chat
