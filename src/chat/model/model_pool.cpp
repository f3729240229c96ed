#include "chat/model/model_pool.hpp"

#include <chrono>
#include <cmath>
#include <utility>

#include "base/log.hpp"
#include "base/progress.hpp"

namespace parley::chat {

ModelLease lease_of(ChatModel& model) {
  return {&model, [](ChatModel*) {}};
}

ModelPool::ModelPool(std::map<std::string, Known> models, std::size_t budget, Load load)
    : known_(std::move(models)), budget_(budget), load_(std::move(load)) {}

void ModelPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
}

ModelPool::~ModelPool() {
  stop();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_ == 0; });
  lock.unlock();
  // Not under the mutex: a model that ends drops the leases of what ran on it.
  for (auto& [name, loaded] : loaded_) loaded.model.reset();
}

std::vector<ModelPool::State> ModelPool::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<State> out;
  for (const auto& [name, known] : known_) {
    const auto found = loaded_.find(name);
    if (found == loaded_.end()) {
      out.push_back({name, false, 0, known.bytes});
    } else {
      out.push_back({name, true, found->second.uses, found->second.bytes});
    }
  }
  return out;
}

ModelLease ModelPool::lease(const std::string& name) {
  Loaded& loaded = loaded_.at(name);
  ++loaded.uses;
  loaded.last_use = ++uses_;
  // The entry stays while it is in use, so it is found again by its name.
  return {loaded.model.get(), [this, name](ChatModel*) {
            const std::lock_guard lock(mutex_);
            --loaded_.at(name).uses;
            changed_.notify_all();
          }};
}

void ModelPool::with(const std::string& name, Then then) {
  ModelLease ready;
  bool waits = false;
  {
    const std::lock_guard lock(mutex_);
    if (loaded_.contains(name)) {
      ready = lease(name);
    } else if (waiting_ < kMostWanted && !ending_) {
      ++waiting_;
      waits = true;
    }
  }
  if (waits) {
    const auto until = std::chrono::steady_clock::now() + patience;
    loader_.post([this, wanted = Wanted{name, std::move(then), until}] { serve(wanted); });
    return;
  }
  if (ready) return then(std::move(ready), nullptr);
  const Error busy(ErrorKind::kUnavailable, "too many requests wait for models to be loaded",
                   "try again in a few seconds");
  then(nullptr, &busy);
}

void ModelPool::make_room(std::unique_lock<std::mutex>& lock, const Wanted& wanted,
                          std::size_t bytes) {
  for (;;) {
    if (ending_) fail(ErrorKind::kUnavailable, "the server is shutting down", "try again later");
    std::size_t used = 0;
    auto oldest = loaded_.end();
    for (auto it = loaded_.begin(); it != loaded_.end(); ++it) {
      used += it->second.bytes;
      if (it->second.uses == 0 &&
          (oldest == loaded_.end() || it->second.last_use < oldest->second.last_use))
        oldest = it;
    }
    if (used + bytes <= budget_) return;
    if (oldest != loaded_.end()) {
      const auto gone = loaded_.extract(oldest);
      lock.unlock();
      log::info("model.unloaded", {{"model", gone.key()}, {"for", wanted.name}});
      gone.mapped().model.reset();
      lock.lock();
      continue;
    }
    if (changed_.wait_until(lock, wanted.until) == std::cv_status::timeout) {
      fail(ErrorKind::kUnavailable,
           "the model '" + wanted.name + "' has no room while the others are in use",
           "try again later, or start the server with a larger --models-memory");
    }
  }
}

void ModelPool::serve(const Wanted& wanted) {
  ModelLease ready;
  std::unique_ptr<Error> error;
  try {
    std::unique_lock lock(mutex_);
    if (!loaded_.contains(wanted.name)) {
      const Known& known = known_.at(wanted.name);
      if (known.bytes > budget_) {
        fail(ErrorKind::kLimit,
             "the model '" + wanted.name + "' takes about " +
                 human_bytes(static_cast<double>(known.bytes)) + ", more than --models-memory",
             "start the server with more, or ask for a smaller model");
      }
      make_room(lock, wanted, known.bytes);
      lock.unlock();
      const auto before = std::chrono::steady_clock::now();
      Loaded loaded;
      loaded.model = load_(wanted.name, known);
      loaded.bytes = loaded.model->info().memory_bytes;
      if (loaded.bytes == 0) loaded.bytes = known.bytes;
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
      log::info("model.loaded", {{"model", wanted.name},
                                 {"bytes", loaded.bytes},
                                 {"seconds", std::round(took.count() * 1000) / 1000}});
      lock.lock();
      loaded_.emplace(wanted.name, std::move(loaded));
    }
    ready = lease(wanted.name);
  } catch (const Error& e) {
    error = std::make_unique<Error>(e);
  } catch (const std::exception& e) {
    error = std::make_unique<Error>(
        ErrorKind::kInternal, std::string("internal error: ") + e.what(), "please report this");
  }
  wanted.then(std::move(ready), error.get());
  const std::lock_guard lock(mutex_);
  --waiting_;
  changed_.notify_all();
}

}  // namespace parley::chat
