// A turn: one message of a participant and the assistant's reply to it. One Turn flows through the
// stages in order; each adds what it knows, and says what it has to say through the outlet.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/work_queue.hpp"
#include "chat/model/model_pool.hpp"
#include "chat/outlet.hpp"
#include "message/part.hpp"
#include "prompt/message_reader.hpp"
#include "store/store.hpp"

namespace parley::chat {

struct ReplySettings {
  engine::Sampling sampling;
  bool random_seed = true;  // draw sampling.seed anew for every reply
  int max_tokens = 256;
  std::vector<std::string> stop;
  engine::GrammarPtr grammar;  // null: the reply may be anything
  int logprobs = -1;           // as engine::Request has it
};

// What the caller asks for. Either a turn of a stored thread (thread_id set) that is exactly one
// of: a new message
// (`text`, under the thread's head or under `parent_id`), or another reply to a message
// (`regenerate` names an earlier reply, `reply_to` the user message). Or a conversation that the
// caller keeps itself (`messages`), which leaves nothing in the store.
struct TurnInput {
  std::string participant;
  std::string thread_id;
  std::string text;
  bool under_head = true;
  std::optional<std::string> parent_id;  // when not under_head; none: a first message
  std::string regenerate;
  std::string reply_to;
  std::vector<text::ChatMessage> messages;
  Json rich_messages, tools;  // as ChatRequest has them; only with `messages`
  std::string begun;          // the same
  // How the reply's raw text is read, where that is not as the model's style says; what the reader
  // finds before it, of `begun`; and the ids that the conversation's calls have, or null.
  std::optional<text::ToolCallOptions> reading;
  std::string read_before;
  std::shared_ptr<text::CallIds> call_ids;
  ModelLease model;  // null: the assistant's own
  ReplySettings settings;
};

enum class StopCause { kNone, kParticipant, kShutdown };

// Ends a turn from outside. Thread-safe; may be called at any time, also before the reply has
// started or after it has ended. The first cause counts.
class TurnControl {
 public:
  void stop(StopCause cause);
  StopCause cause() const;
  void attach(std::shared_ptr<ChatReply> reply);  // called by the reply stage
  void detach();

 private:
  mutable std::mutex mutex_;
  StopCause cause_ = StopCause::kNone;
  std::shared_ptr<ChatReply> reply_;
};

struct Turn;

// Hears of a turn's progress, on a work thread, one call at a time. Must not block.
class TurnListener {
 public:
  virtual ~TurnListener() = default;
  virtual void accepted(const Turn& turn) {
  }  // before anything is said; stored and queued: it will get a reply, an error or a stop
  virtual void said(const Turn& turn, const message::PartEvents& events) {}
  // The last call, exactly once. `error` is null when a reply was recorded; without accepted()
  // before it, nothing of the turn was kept.
  virtual void ended(const Turn& turn, const Error* error) = 0;
};

struct Turn {
  TurnInput input;
  std::shared_ptr<TurnControl> control;
  std::shared_ptr<TurnListener> listener;
  WorkQueue* work = nullptr;  // where it runs
  double started_s = 0;       // Clock::monotonic_s()
  Outlet outlet;              // what it says, and has said
  bool accepted = false;      // its listener was told so

  // Tells the listener, once: by the stage that knows first that there will be an answer, at the
  // latest before anything is said.
  void accept();

  // admit
  std::vector<text::ChatMessage> history;  // what the model reads first, the system message before
  message::Parts
      asked;  // the participant's words, read after it; none where `history` ends in them
  std::optional<store::NewTurn> place;  // in its thread; none: a turn that is not kept

  // keep
  bool kept = false;  // `place` is in the store

  // reply
  engine::FinishReason reason = engine::FinishReason::kStop;
  int prompt_tokens = 0;
  int reply_tokens = 0;
  int cached_tokens = 0;
  std::size_t left_out = 0;                     // messages that the model did not read: the oldest
  std::vector<engine::TokenLogprobs> logprobs;  // of the reply's tokens, when asked for
  double first_text_s = 0;                      // 0: there was none
  double finished_s = 0;

  // record
  store::MessageStatus status = store::MessageStatus::kStreaming;
};

}  // namespace parley::chat
