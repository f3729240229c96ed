#include "chat/assistant.hpp"

#include <optional>
#include <utility>

#include "base/log.hpp"

namespace parley::chat {
namespace {
// The store takes one call at a time; a second thread tokenizes a long prompt meanwhile.
constexpr int kWorkThreads = 2;
}  // namespace

ReplySettings default_settings(const ReplyDefaults& defaults) {
  ReplySettings settings;
  settings.sampling.temperature = static_cast<float>(defaults.temperature);
  settings.sampling.top_p = static_cast<float>(defaults.top_p);
  settings.sampling.min_p = static_cast<float>(defaults.min_p);
  settings.sampling.top_k = defaults.top_k;
  settings.sampling.repetition_penalty = static_cast<float>(defaults.repetition_penalty);
  settings.max_tokens = defaults.max_tokens;
  return settings;
}

Assistant::Assistant(ChatModel& model, store::Store& store, Persona persona, ReplySettings defaults,
                     Pipeline pipeline, const Clock& clock)
    : model_(model),
      store_(store),
      persona_(std::move(persona)),
      defaults_(std::move(defaults)),
      clock_(clock),
      work_(kWorkThreads),
      pipeline_(std::move(pipeline)) {}

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
  turn->work = &work_;
  turn->started_s = clock_.monotonic_s();
  turn->outlet.listen([turn = turn.get()](const message::PartEvents& events) {
    turn->accept();
    turn->listener->said(*turn, events);
  });
  {
    const std::lock_guard lock(mutex_);
    running_.push_back(turn);
  }
  auto control = turn->control;
  work_.post([this, turn = std::move(turn)] { drive(turn); });
  return control;
}

Task Assistant::run_stages(Turn& turn, std::vector<Stage*>& begun) {
  Outcome outcome = Outcome::kNext;
  for (const auto& stage : pipeline_.stages) {
    begun.push_back(stage.get());
    outcome = co_await stage->run(turn);
    if (outcome == Outcome::kAnswered) break;
  }
  if (outcome != Outcome::kAnswered)
    fail(ErrorKind::kInternal, "no stage answered", "please report this");
  for (const auto& stage : pipeline_.closing) {
    begun.push_back(stage.get());
    co_await stage->run(turn);
  }
  co_return outcome;
}

Detached Assistant::drive(std::shared_ptr<Turn> turn) {
  std::optional<Error> error;
  std::vector<Stage*> begun;
  try {
    co_await run_stages(*turn, begun);
  } catch (const Error& e) {
    error = e;
  } catch (const std::exception& e) {
    error.emplace(ErrorKind::kInternal, std::string("internal error: ") + e.what(),
                  "please report this");
  }
  if (error) {
    // A reply may still be running, if it was not the model that failed.
    turn->control->stop(StopCause::kShutdown);
    turn->control->detach();
    for (auto stage = begun.rbegin(); stage != begun.rend(); ++stage) (*stage)->undo(*turn);
  }
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
