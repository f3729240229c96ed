#include "eval/scenario_run.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace parley::eval {
namespace {

struct Finished {
  std::size_t scenario;
  std::string reply;
  std::string error;
};

// Where the model's thread leaves finished replies. Shared with its callbacks, which may outlive a
// run that failed.
struct Inbox {
  std::mutex mutex;
  std::condition_variable arrived;
  std::deque<Finished> finished;
};

class Runner {
 public:
  Runner(chat::ChatModel& model, const std::vector<Scenario>& scenarios, const Catalogue* catalogue,
         const RunOptions& options)
      : model_(model),
        scenarios_(scenarios),
        catalogue_(catalogue),
        options_(options),
        plays_(scenarios.size()) {}

  std::vector<ScenarioResult> run() {
    std::vector<ScenarioResult> results(scenarios_.size());
    for (std::size_t i = 0; i < scenarios_.size(); ++i) results[i].scenario = &scenarios_[i];
    std::size_t next = 0, done = 0, passed = 0;
    while (done < scenarios_.size()) {
      while (next < scenarios_.size() && running_ < options_.concurrent) {
        if (!begin_turn(next, results[next])) break;
        ++next;
      }
      const Finished finished = take();
      ScenarioResult& result = results[finished.scenario];
      Play& play = plays_[finished.scenario];
      play.reply.reset();
      --running_;
      end_turn(finished, result);
      if (finished.error.empty() && result.turns.size() < result.scenario->turns.size()) {
        waiting_.push_back(finished.scenario);
      } else {
        ++done;
        result.passed = finished.error.empty() &&
                        std::all_of(result.turns.begin(), result.turns.end(),
                                    [](const auto& turn) { return turn.unmet.empty(); });
        passed += result.passed;
        if (options_.on_progress) options_.on_progress(done, passed);
      }
      // Conversations under way go before new ones.
      while (!waiting_.empty() && begin_turn(waiting_.front(), results[waiting_.front()]))
        waiting_.pop_front();
    }
    return results;
  }

 private:
  struct Play {
    std::vector<text::ChatMessage> messages;
    std::unique_ptr<chat::ChatReply> reply;
    double started = 0;
  };

  // False when the model's queue is full and something is running that will make room.
  bool begin_turn(std::size_t index, ScenarioResult& result) {
    Play& play = plays_[index];
    if (play.messages.empty() && !options_.system_prompt.empty()) {
      play.messages.push_back({"system", options_.system_prompt});
    }
    chat::ChatRequest request;
    request.messages = play.messages;
    request.messages.push_back({"user", scenarios_[index].turns[result.turns.size()].user});
    request.sampling = options_.sampling;
    request.max_tokens = options_.max_tokens;
    play.started = Clock::system().monotonic_s();
    try {
      play.reply = model_.start(request, [inbox = inbox_, index, text = std::string()](
                                             const engine::Update& update) mutable {
        text += update.text;
        if (!update.finished) return;
        Finished finished{index, std::move(text), {}};
        if (update.reason == engine::FinishReason::kError)
          finished.error = update.error.empty() ? "failed" : update.error;
        const std::lock_guard lock(inbox->mutex);
        inbox->finished.push_back(std::move(finished));
        inbox->arrived.notify_one();
      });
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::kUnavailable || running_ == 0) throw;
      return false;
    }
    play.messages = std::move(request.messages);
    ++running_;
    return true;
  }

  Finished take() {
    std::unique_lock lock(inbox_->mutex);
    inbox_->arrived.wait(lock, [&] { return !inbox_->finished.empty(); });
    Finished finished = std::move(inbox_->finished.front());
    inbox_->finished.pop_front();
    return finished;
  }

  void end_turn(const Finished& finished, ScenarioResult& result) {
    Play& play = plays_[finished.scenario];
    const ScenarioTurn& turn = result.scenario->turns[result.turns.size()];
    std::string earlier;
    for (std::size_t i = 0; i + 1 < play.messages.size(); ++i)
      earlier += play.messages[i].content + "\n";
    TurnResult done;
    done.user = turn.user;
    done.reply = finished.reply;
    done.seconds = Clock::system().monotonic_s() - play.started;
    if (finished.error.empty()) {
      done.unmet = unmet(turn.expect, finished.reply, turn.user, earlier, catalogue_);
    } else {
      result.error = finished.error;
    }
    play.messages.push_back({"assistant", finished.reply});
    result.turns.push_back(std::move(done));
  }

  chat::ChatModel& model_;
  const std::vector<Scenario>& scenarios_;
  const Catalogue* catalogue_;
  const RunOptions& options_;
  std::vector<Play> plays_;
  std::deque<std::size_t> waiting_;
  int running_ = 0;
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
};

}  // namespace

std::vector<ScenarioResult> run_scenarios(chat::ChatModel& model,
                                          const std::vector<Scenario>& scenarios,
                                          const Catalogue* catalogue, const RunOptions& options) {
  return Runner(model, scenarios, catalogue, options).run();
}

}  // namespace parley::eval
