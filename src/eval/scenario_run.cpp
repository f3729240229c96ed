#include "eval/scenario_run.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "message/plain_text.hpp"

namespace parley::eval {
namespace {

struct Finished {
  std::size_t scenario;
  std::string reply;
  std::string error;
  bool busy = false;  // the turn was not taken: too many wait
};

// Where finished replies are left. Shared with the listeners, which may outlive a run that failed.
struct Inbox {
  std::mutex mutex;
  std::condition_variable arrived;
  std::deque<Finished> finished;
};

class Listener : public chat::TurnListener {
 public:
  Listener(std::shared_ptr<Inbox> inbox, std::size_t scenario)
      : inbox_(std::move(inbox)), scenario_(scenario) {}
  void ended(const chat::Turn& turn, const Error* error) override {
    Finished finished{scenario_, message::plain_text(turn.outlet.parts()), {}};
    if (error) finished.error = error->message();
    finished.busy = error && !turn.accepted && error->kind() == ErrorKind::kUnavailable;
    const std::lock_guard lock(inbox_->mutex);
    inbox_->finished.push_back(std::move(finished));
    inbox_->arrived.notify_one();
  }

 private:
  const std::shared_ptr<Inbox> inbox_;
  const std::size_t scenario_;
};

class Runner {
 public:
  Runner(chat::Assistant& assistant, const std::vector<Scenario>& scenarios,
         const Catalogue* catalogue, const RunOptions& options)
      : assistant_(assistant),
        scenarios_(scenarios),
        catalogue_(catalogue),
        options_(options),
        plays_(scenarios.size()) {}

  std::vector<ScenarioResult> run() {
    std::vector<ScenarioResult> results(scenarios_.size());
    for (std::size_t i = 0; i < scenarios_.size(); ++i) results[i].scenario = &scenarios_[i];
    std::size_t next = 0, done = 0, passed = 0;
    bool full = false;  // the model takes no more for now
    while (done < scenarios_.size()) {
      // Conversations under way go before new ones.
      while (!full && running_ < options_.concurrent && !waiting_.empty()) {
        begin_turn(waiting_.front(), results[waiting_.front()]);
        waiting_.pop_front();
      }
      while (!full && running_ < options_.concurrent && next < scenarios_.size()) {
        begin_turn(next, results[next]);
        ++next;
      }
      const Finished finished = take();
      --running_;
      full = finished.busy && running_ > 0;
      if (full) {  // until one of those that run makes room
        waiting_.push_front(finished.scenario);
        continue;
      }
      ScenarioResult& result = results[finished.scenario];
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
    }
    return results;
  }

 private:
  struct Play {
    std::string participant, thread;
    std::string earlier;  // what was said so far
    double started = 0;
  };

  void begin_turn(std::size_t index, const ScenarioResult& result) {
    Play& play = plays_[index];
    store::Store& store = assistant_.store();
    if (play.thread.empty()) {
      play.participant = store.participants().ensure("scenario " + std::to_string(index));
      play.thread = store.threads().create(play.participant, "test", scenarios_[index].name).id;
    }
    chat::TurnInput input;
    input.participant = play.participant;
    input.thread_id = play.thread;
    input.text = scenarios_[index].turns[result.turns.size()].user;
    input.settings = options_.settings;
    play.started = Clock::system().monotonic_s();
    assistant_.start(std::move(input), std::make_shared<Listener>(inbox_, index));
    ++running_;
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
    TurnResult done;
    done.user = turn.user;
    done.reply = finished.reply;
    done.seconds = Clock::system().monotonic_s() - play.started;
    if (finished.error.empty()) {
      done.unmet = unmet(turn.expect, finished.reply, turn.user, play.earlier, catalogue_);
    } else {
      result.error = finished.error;
    }
    play.earlier += turn.user + "\n" + finished.reply + "\n";
    result.turns.push_back(std::move(done));
  }

  chat::Assistant& assistant_;
  const std::vector<Scenario>& scenarios_;
  const Catalogue* catalogue_;
  const RunOptions& options_;
  std::vector<Play> plays_;
  std::deque<std::size_t> waiting_;
  int running_ = 0;
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
};

}  // namespace

std::vector<ScenarioResult> run_scenarios(chat::Assistant& assistant,
                                          const std::vector<Scenario>& scenarios,
                                          const Catalogue* catalogue, const RunOptions& options) {
  return Runner(assistant, scenarios, catalogue, options).run();
}

}  // namespace parley::eval
