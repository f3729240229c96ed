#include "chat/assistant.hpp"

#include <optional>
#include <utility>

#include "base/log.hpp"

namespace parley::chat {
namespace {
// The store takes one call at a time; a second thread tokenizes a long prompt meanwhile.
constexpr int kWorkThreads = 2;
}  // namespace

ReplySettings default_settings(const ServeSettings& serving) {
  ReplySettings settings;
  settings.sampling.temperature = static_cast<float>(serving.temperature);
  settings.sampling.top_p = static_cast<float>(serving.top_p);
  settings.sampling.min_p = static_cast<float>(serving.min_p);
  settings.sampling.top_k = serving.top_k;
  settings.sampling.repetition_penalty = static_cast<float>(serving.repetition_penalty);
  settings.max_tokens = serving.max_tokens;
  return settings;
}

Assistant::Assistant(ChatModel& model, store::Store& store, Persona persona, ReplySettings defaults,
                     const Clock& clock)
    : model_(model),
      store_(store),
      persona_(std::move(persona)),
      defaults_(std::move(defaults)),
      clock_(clock),
      work_(kWorkThreads) {
  stages_.push_back(make_admit(&store_, persona_.system_prompt, clock_));
  stages_.push_back(make_reply(model_, &store_, work_, clock_));
  stages_.push_back(make_record(&store_));
}

Assistant::~Assistant() {
  stop_all(StopCause::kShutdown);
  wait_until_idle();
}

std::shared_ptr<TurnControl> Assistant::start(TurnInput input,
                                              std::shared_ptr<TurnListener> listener) {
  if (!input.thread_id.empty()) stop_thread(input.thread_id, StopCause::kParticipant);
  auto turn = std::make_shared<Turn>();
  turn->input = std::move(input);
  turn->control = std::make_shared<TurnControl>();
  turn->listener = std::move(listener);
  turn->started_s = clock_.monotonic_s();
  {
    const std::lock_guard lock(mutex_);
    running_.push_back(turn);
  }
  auto control = turn->control;
  work_.post([this, turn = std::move(turn)] { drive(turn); });
  return control;
}

Task Assistant::run_stages(Turn& turn) {
  for (const auto& stage : stages_) co_await stage->run(turn);
}

Detached Assistant::drive(std::shared_ptr<Turn> turn) {
  std::optional<Error> error;
  try {
    co_await run_stages(*turn);
  } catch (const Error& e) {
    error = e;
  } catch (const std::exception& e) {
    error.emplace(ErrorKind::kInternal, std::string("internal error: ") + e.what(),
                  "please report this");
  }
  if (error) settle_failed(*turn);
  try {
    turn->listener->ended(*turn, error ? &*error : nullptr);
  } catch (const std::exception& e) {
    log::error("turn_listener_failed", {{"why", e.what()}});
  }
  {
    // Notified under the lock: once it is free and nothing runs, the assistant may be destroyed.
    const std::lock_guard lock(mutex_);
    std::erase(running_, turn);
    idle_.notify_all();
  }
}

// Whoever was told of the turn finds it marked; otherwise nothing of it stays.
void Assistant::settle_failed(Turn& turn) {
  turn.control->stop(
      StopCause::kShutdown);  // a reply that may still be running, if the store was what failed
  turn.control->detach();
  if (!turn.kept) return;
  try {
    if (turn.accepted) {
      turn.status = store::MessageStatus::kError;
      store::Message& message = turn.kept->assistant_message;
      message.parts = store::text_parts(turn.text);
      message.status = turn.status;
      store_.messages().finish(turn.input.participant, message.id, message.parts, message.status);
    } else {
      store_.messages().retract_turn(turn.input.participant, *turn.kept);
    }
  } catch (const Error& e) {
    log::error("turn_not_recorded", {{"why", e.message()}});
  }
}

void Assistant::stop_thread(const std::string& thread_id, StopCause cause) {
  std::vector<std::shared_ptr<Turn>> found;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& turn : running_) {
      if (turn->input.thread_id == thread_id) found.push_back(turn);
    }
  }
  for (const auto& turn : found) turn->control->stop(cause);
}

void Assistant::stop_all(StopCause cause) {
  std::vector<std::shared_ptr<Turn>> found;  // whole: a turn keeps its model loaded
  {
    const std::lock_guard lock(mutex_);
    found = running_;
  }
  for (const auto& turn : found) turn->control->stop(cause);
}

void Assistant::wait_until_idle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return running_.empty(); });
}

int Assistant::running() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(running_.size());
}

}  // namespace parley::chat
