// For tests: a chat model without a network that behaves like the engine towards its caller. One
// thread, at most `max_concurrent` replies at a time, a bounded queue, one word a step for every
// running reply, cancel within a step.
//
// It answers from the last message: "count N" with "1 2 3 … N", "flood N" with N words of a
// kilobyte, "write RAW" with RAW, a character a step, "crash" with kError after two words, anything
// else with "You said: …". What it read is kept in `seen`.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "chat/model/chat_model.hpp"

namespace parley::chat {

class ScriptedModel : public ChatModel {
 public:
  struct Options {
    int max_concurrent = 4;
    int max_queue = 256;
    std::chrono::microseconds step{0};
    text::WritingStyle style = {};
    std::size_t most_messages =
        0;  // that it reads of a conversation, the first not counted; 0: all
  };

  ScriptedModel() : ScriptedModel(Options{}) {}
  explicit ScriptedModel(Options options) : options_(options), thread_([this] { run(); }) {}
  ~ScriptedModel() override {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  std::string name() const override { return "scripted"; }
  text::WritingStyle style() const override { return options_.style; }
  engine::ModelInfo info() const override {
    engine::ModelInfo info;
    info.name = "scripted";
    info.address = "5c219ed5c219ed";
    info.parameters = 42;
    info.context = 1024;
    return info;
  }
  engine::Stats stats() const override {
    const std::lock_guard lock(mutex_);
    engine::Stats stats = stats_;
    stats.running = static_cast<int>(running_.size());
    stats.waiting = static_cast<int>(waiting_.size());
    return stats;
  }
  std::vector<ChatRequest> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  // While held, running replies make no progress; cancelling still works.
  void hold(bool held) {
    {
      const std::lock_guard lock(mutex_);
      held_ = held;
    }
    changed_.notify_all();
  }

  std::unique_ptr<ChatReply> start(const ChatRequest& request,
                                   engine::OnUpdate on_update) override {
    std::uint64_t id = 0;
    std::size_t left_out = 0;
    if (options_.most_messages > 0 && request.messages.size() > options_.most_messages + 1) {
      if (!request.may_leave_out) fail(ErrorKind::kContextLength, "too long", "shorten it");
      left_out = request.messages.size() - options_.most_messages - 1;
    }
    {
      const std::lock_guard lock(mutex_);
      if (static_cast<int>(waiting_.size()) >= options_.max_queue) {
        fail(ErrorKind::kUnavailable, "the queue is full", "try again in a moment");
      }
      id = ++stats_.requests;
      seen_.push_back(request);
      waiting_.push_back(Job{id, words_for(request), std::move(on_update), request.max_tokens});
    }
    changed_.notify_all();
    return std::make_unique<Reply>(*this, id, left_out);
  }

 private:
  struct Job {
    std::uint64_t id;
    std::deque<std::string> words;
    engine::OnUpdate on_update;
    int max_tokens;
    int done = 0;
    bool cancelled = false;
  };
  struct Reply : ChatReply {
    Reply(ScriptedModel& m, std::uint64_t i, std::size_t left) : model(m), id(i), missing(left) {}
    ~Reply() override { model.cancel(id); }
    void cancel() override { model.cancel(id); }
    std::size_t left_out() const override { return missing; }
    ScriptedModel& model;
    std::uint64_t id;
    std::size_t missing;
  };

  static std::deque<std::string> words_for(const ChatRequest& request) {
    const std::string last = request.messages.empty() ? "" : request.messages.back().content;
    std::deque<std::string> words;
    if (last.starts_with("count ")) {
      for (int i = 1; i <= std::atoi(last.c_str() + 6); ++i)
        words.push_back((i > 1 ? " " : "") + std::to_string(i));
    } else if (last.starts_with("flood ")) {
      words.assign(static_cast<std::size_t>(std::atoi(last.c_str() + 6)), std::string(1024, 'x'));
    } else if (last.starts_with("write ")) {
      for (const char c : last.substr(6)) words.emplace_back(1, c);
    } else if (last == "crash") {
      words = {"one", " two", "!crash"};
    } else {
      words = {"You", " said:", " " + last};
    }
    return words;
  }

  void cancel(std::uint64_t id) {
    {
      const std::lock_guard lock(mutex_);
      for (auto* jobs : {&waiting_, &running_}) {
        for (Job& job : *jobs) job.cancelled |= job.id == id;
      }
    }
    changed_.notify_all();
  }

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return closing_ || has_work(); });
      if (closing_) break;
      while (!waiting_.empty() && static_cast<int>(running_.size()) < options_.max_concurrent) {
        running_.splice(running_.end(), waiting_, waiting_.begin());
      }
      ++stats_.steps;
      stats_.last_batch_rows = static_cast<int>(running_.size());
      std::vector<std::pair<engine::OnUpdate, engine::Update>> calls;
      for (auto* jobs : {&running_, &waiting_}) {
        for (auto job = jobs->begin(); job != jobs->end();) {
          if (jobs == &waiting_ && !job->cancelled) {
            ++job;
            continue;
          }
          if (held_ && !job->cancelled) {
            ++job;
            continue;
          }
          calls.emplace_back(job->on_update, step(*job));
          job = calls.back().second.finished ? jobs->erase(job) : std::next(job);
        }
      }
      lock.unlock();
      for (const auto& [call, update] : calls) call(update);
      if (options_.step.count() > 0) std::this_thread::sleep_for(options_.step);
      lock.lock();
    }
    auto rest = std::move(running_);
    rest.splice(rest.end(), waiting_);
    lock.unlock();
    for (Job& job : rest) {
      job.cancelled = true;
      job.on_update(step(job));
    }
  }

  bool has_work() const {
    if (!held_) return !running_.empty() || !waiting_.empty();
    for (const auto* jobs : {&waiting_, &running_}) {
      for (const Job& job : *jobs) {
        if (job.cancelled) return true;
      }
    }
    return !waiting_.empty() && static_cast<int>(running_.size()) < options_.max_concurrent;
  }

  engine::Update step(Job& job) {
    engine::Update update;
    update.prompt_tokens = 7;
    if (job.cancelled) {
      ++stats_.cancelled;
      update.finished = true;
      update.reason = engine::FinishReason::kCancelled;
    } else if (job.words.front() == "!crash") {
      update.finished = true;
      update.reason = engine::FinishReason::kError;
      update.error = "scripted failure";
    } else {
      update.text = job.words.front();
      job.words.pop_front();
      ++job.done;
      ++stats_.reply_tokens;
      update.finished = job.words.empty() || job.done >= job.max_tokens;
      update.reason =
          job.words.empty() ? engine::FinishReason::kStop : engine::FinishReason::kLength;
    }
    update.reply_tokens = job.done;
    return update;
  }

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Job> waiting_, running_;
  std::vector<ChatRequest> seen_;
  engine::Stats stats_;
  bool closing_ = false;
  bool held_ = false;
  std::thread thread_;
};

}  // namespace parley::chat
