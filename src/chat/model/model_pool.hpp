// Several models in one process. Each has a name and is loaded when it is first asked for; the one
// that was used longest ago, and is not in use, goes when another needs its room.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/work_queue.hpp"
#include "chat/model/chat_model.hpp"

namespace parley::chat {

// Keeps a model loaded. May be dropped on any thread, the model's own too.
using ModelLease = std::shared_ptr<ChatModel>;

// Of a model that outlives all leases.
ModelLease lease_of(ChatModel& model);

class ModelPool {
 public:
  struct Known {
    std::filesystem::path path;
    std::size_t bytes = 0;  // what it will take, as far as can be told before it is loaded
  };
  struct State {
    std::string name;
    bool loaded = false;
    int uses = 0;
    std::size_t bytes = 0;
  };
  using Load = std::function<std::unique_ptr<ChatModel>(const std::string& name, const Known&)>;
  using Then = std::function<void(ModelLease lease, const Error* error)>;

  // `budget`: bytes that all loaded models take together. `load` runs on the pool's own thread.
  ModelPool(std::map<std::string, Known> models, std::size_t budget, Load load);
  ~ModelPool();  // ends what runs on its models

  bool knows(const std::string& name) const { return known_.contains(name); }
  std::vector<State> list() const;

  // Calls `then` with the model: at once when it is loaded, otherwise from the pool's thread; it
  // must not block there. Errors go to `then`: what `load` throws; kLimit when the model is larger
  // than the budget; kUnavailable when no room came free within `patience`, or the pool ends.
  // REQUIRES: knows(name).
  void with(const std::string& name, Then then);

  // From here on nothing is loaded any more; who waits gets kUnavailable.
  void stop();

  std::chrono::milliseconds patience{30'000};

 private:
  struct Loaded {
    std::unique_ptr<ChatModel> model;
    std::size_t bytes = 0;
    int uses = 0;
    std::uint64_t last_use = 0;
  };
  struct Wanted {
    std::string name;
    Then then;
    std::chrono::steady_clock::time_point until;  // how long it waits for room
  };
  static constexpr std::size_t kMostWanted = 256;
  ModelLease lease(const std::string& name);  // under the mutex
  void serve(const Wanted& wanted);
  // Waits for room, taking out what is idle. Errors: kUnavailable.
  void make_room(std::unique_lock<std::mutex>& lock, const Wanted& wanted, std::size_t bytes);

  const std::map<std::string, Known> known_;
  const std::size_t budget_;
  const Load load_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Loaded> loaded_;
  std::size_t waiting_ = 0;  // requests for models that are not loaded
  std::uint64_t uses_ = 0;
  bool ending_ = false;
  WorkQueue loader_{1};  // last
};

}  // namespace parley::chat
