#include "engine/local_engine.hpp"

#include <algorithm>
#include <chrono>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/log.hpp"

namespace parley::engine {

using text::TokenId;
using Clock = std::chrono::steady_clock;

namespace {

// A guess is nearly free while a step is bound by memory: with few chats, and about eight rows.
constexpr int kMostGuessing = 4, kGuessedRows = 8;

// Rows of logits a step may ask for: every sequence's own, guesses, and a piece of a prompt that is
// being scored.
int most_outputs(const Options& options) {
  return std::max(options.max_concurrent, 32) + 16;
}

}  // namespace

int cache_blocks(const nn::ModelConfig& config, int context, bool float32, const Options& options) {
  const std::size_t block = nn::KvCache::block_bytes(config, float32);
  const std::size_t budget = options.kv_memory ? options.kv_memory : usable_memory() / 4;
  const std::int64_t one = nn::KvCache::blocks_for(context);
  const std::int64_t most = 2 * one * options.max_concurrent;
  const auto affordable = static_cast<std::int64_t>(budget / block);
  if (options.kv_memory) return static_cast<int>(std::clamp<std::int64_t>(affordable, 1, most));
  return static_cast<int>(std::max(one, std::min(most, affordable)));
}

LocalEngine::LocalEngine(std::unique_ptr<nn::Model> model,
                         std::shared_ptr<const text::Tokenizer> tokenizer, ModelInfo info,
                         const Options& options, std::unique_ptr<nn::Model> draft)
    : options_(options),
      model_(std::move(model)),
      tokenizer_(std::move(tokenizer)),
      kernels_(nn::select_kernels(options.isa)),
      info_(std::move(info)),
      team_(options.threads > 0 ? options.threads : usable_cpus()),
      team_size_(team_.size()),
      cache_(model_->config(), model_->is_float32(),
             cache_blocks(model_->config(), model_->context(), model_->is_float32(), options)),
      prefixes_(cache_),
      forward_(*model_, kernels_, cache_, team_, most_outputs(options) + options.prefill_chunk,
               most_outputs(options)) {
  const nn::ModelConfig& config = model_->config();
  info_.parameters = model_->parameters();
  info_.context = std::min(model_->context(), cache_.max_blocks() * nn::kKvBlock);
  info_.vocabulary = config.vocabulary;
  info_.architecture = config.family;
  info_.kernels = std::string(kernels_.name) + " " + nn::precision_name(model_->precision());
  if (!model_->is_float32()) info_.kernels += " group " + std::to_string(model_->head().group());
  info_.memory_bytes =
      model_->weight_bytes() + static_cast<std::size_t>(cache_.max_blocks()) * cache_.block_bytes();
  if (draft) {
    draft_ = std::make_unique<ModelDraft>(std::move(draft), kernels_, team_, kMostGuessing,
                                          config.vocabulary);
    info_.memory_bytes += draft_->memory_bytes();
  }
  for (int i = 0; i < team_.size(); ++i) {
    samplers_.emplace_back(kernels_, config.vocabulary);
    scratch_.emplace_back(static_cast<std::size_t>(config.vocabulary));
  }
  rows_.reserve(static_cast<std::size_t>(forward_.max_rows()));
  stats_.kv_blocks = cache_.max_blocks();
  stats_.kv_blocks_free = cache_.max_blocks();
  log::info("engine.ready", {{"model", info_.name},
                             {"parameters", info_.parameters},
                             {"kernels", info_.kernels},
                             {"threads", team_.size()},
                             {"weight_bytes", model_->weight_bytes()},
                             {"kv_blocks", cache_.max_blocks()},
                             {"kv_block_bytes", cache_.block_bytes()}});
  thread_ = std::thread([this] { loop(); });
}

LocalEngine::~LocalEngine() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LocalEngine::check(const Request& request) const {
  if (request.prompt.empty())
    fail(ErrorKind::kInvalidInput, "the prompt is empty", "send at least one token");
  const int size = static_cast<int>(request.prompt.size());
  const bool replies = !request.embed && request.max_tokens > 0;
  if (size + (replies ? 1 : 0) > info_.context) {
    fail(ErrorKind::kContextLength,
         "the prompt has " + std::to_string(size) + " tokens; this model reads at most " +
             std::to_string(info_.context - (replies ? 1 : 0)) + " at once",
         "shorten it" + std::string(info_.context < model_->context()
                                        ? ", or start with a larger --kv-memory"
                                        : ""));
  }
  const auto known = [&](TokenId id) {
    if (id < 0 || id >= info_.vocabulary)
      fail(ErrorKind::kInvalidInput, "token id " + std::to_string(id) + " is out of range",
           "expected 0 to " + std::to_string(info_.vocabulary - 1));
  };
  for (const TokenId id : request.prompt) known(id);
  for (const auto& [id, bias] : request.sampling.logit_bias) known(id);
}

RequestId LocalEngine::submit(Request request, OnUpdate on_update) {
  check(request);
  const int size = static_cast<int>(request.prompt.size());
  request.max_tokens = request.embed ? 0 : std::clamp(request.max_tokens, 0, info_.context - size);
  RequestId id = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stop_) fail(ErrorKind::kUnavailable, "the engine is shutting down", "try again later");
    // Requests that a free place is about to take do not count as waiting.
    const int places = std::max(0, options_.max_concurrent - stats_.running);
    if (waiting_.size() >= options_.max_queue + places) {
      fail(ErrorKind::kUnavailable,
           "too many requests are waiting (" + std::to_string(waiting_.size()) + ")",
           "try again in a few seconds");
    }
    id = next_id_++;
    waiting_.push(std::make_unique<Sequence>(id, std::move(request), std::move(on_update),
                                             options_.speculation));
    ++stats_.requests;
    stats_.waiting = waiting_.size();
  }
  wake_.notify_one();
  return id;
}

void LocalEngine::cancel(RequestId id) {
  {
    const std::lock_guard lock(mutex_);
    cancelled_.push_back(id);
  }
  wake_.notify_one();
}

Stats LocalEngine::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void LocalEngine::send(Sequence& sequence, const Update& update) {
  try {
    sequence.on_update(update);
  } catch (const std::exception& e) {
    log::error("engine.callback_failed", {{"request", sequence.id}, {"error", e.what()}});
    sequence.cancelled = true;
  }
}

void LocalEngine::finish(Sequence& sequence, FinishReason reason, Update& update) {
  publish(sequence);
  update.text += sequence.text.finish();
  update.finished = true;
  update.reason = reason;
  update.prompt_tokens = sequence.prompt_size();
  update.cached_tokens = sequence.cached_prompt;
  update.reply_tokens = sequence.reply_size();
  update.embedding = std::move(sequence.pooled);
  sequence.done = true;
  sequence.cache.reset();
  if (draft_) draft_->forget(sequence.id);
  send(sequence, update);
}

void LocalEngine::finish(Sequence& sequence, FinishReason reason, const std::string& error) {
  Update update;
  update.error = error;
  finish(sequence, reason, update);
}

bool LocalEngine::take_work() {
  std::vector<std::unique_ptr<Sequence>> ended;
  const auto now = [] { return Clock::now(); };
  bool go_on = true;
  {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return stop_ || !waiting_.empty() || !running_.empty(); });
    for (const RequestId id : cancelled_) {
      for (auto& sequence : running_) {
        if (sequence->id == id) sequence->cancelled = true;
      }
    }
    ended = waiting_.extract([&](Sequence& s) {
      s.cancelled =
          stop_ || std::find(cancelled_.begin(), cancelled_.end(), s.id) != cancelled_.end();
      return s.cancelled || s.due < now();
    });
    cancelled_.clear();
    if (stop_) {
      go_on = false;
      for (auto& sequence : running_) sequence->cancelled = true;
    }
    stats_.waiting = waiting_.size();
  }
  std::uint64_t cancelled = 0;
  const auto end = [&](Sequence& sequence) {
    if (sequence.cancelled) ++cancelled;
    finish(sequence, sequence.cancelled ? FinishReason::kCancelled : FinishReason::kDeadline);
  };
  for (auto& sequence : ended) end(*sequence);
  for (auto& sequence : running_) {
    if (sequence->cancelled || sequence->due < now()) end(*sequence);
  }
  {
    const std::lock_guard lock(mutex_);
    stats_.cancelled += cancelled;
  }
  drop_finished();
  return go_on;
}

void LocalEngine::drop_finished() {
  std::erase_if(running_, [](const auto& sequence) { return sequence->done; });
  const std::lock_guard lock(mutex_);
  stats_.running = static_cast<int>(running_.size());
  stats_.kv_blocks_free = cache_.free_blocks();
}

void LocalEngine::admit_waiting() {
  const std::lock_guard lock(mutex_);
  while (!waiting_.empty() && static_cast<int>(running_.size()) < options_.max_concurrent) {
    // A sequence that was set back waits until its own tokens fit; a new one, until there is a
    // block for each that runs, and one for it.
    const Sequence& next = *waiting_.peek();
    const int idle = cache_.free_blocks() + (options_.prefix_cache ? prefixes_.blocks() : 0);
    const int needed = next.reply_size() > 0 ? nn::KvCache::blocks_for(next.size() + 1)
                                             : 1 + static_cast<int>(running_.size());
    if (!running_.empty() && idle < needed) break;
    running_.push_back(waiting_.pop());
    Sequence& sequence = *running_.back();
    sequence.cache = std::make_unique<nn::KvSequence>(cache_);
    sequence.in_cache = 0;
    // Scores and pooled states are made of every position.
    const bool whole = (sequence.request.prompt_logprobs && sequence.reply_size() == 0) ||
                       (sequence.request.embed && sequence.request.pooling != nn::Pooling::kLast);
    if (options_.prefix_cache && !whole)
      sequence.in_cache = prefixes_.attach(sequence.tokens, *sequence.cache);
    if (sequence.reply_size() == 0) {
      sequence.cached_prompt = sequence.in_cache;
      stats_.prompt_tokens += static_cast<std::uint64_t>(sequence.prompt_size());
      stats_.cached_tokens += static_cast<std::uint64_t>(sequence.in_cache);
    }
    waiting_.charge(sequence.request.key, sequence.size() - sequence.in_cache);
  }
  stats_.running = static_cast<int>(running_.size());
  stats_.waiting = waiting_.size();
}

void LocalEngine::publish(Sequence& sequence) {
  if (!options_.prefix_cache || !sequence.cache || sequence.in_cache == 0) return;
  // A reply that a stop token ended may have had right guesses after it.
  const int known = std::min(sequence.in_cache, sequence.size());
  prefixes_.publish(std::span(sequence.tokens).first(static_cast<std::size_t>(known)),
                    *sequence.cache);
  sequence.published = known / nn::kKvBlock;
}

void LocalEngine::set_back(Sequence& sequence) {
  publish(sequence);
  sequence.cache.reset();
  sequence.in_cache = 0;
  sequence.fed = sequence.outputs = 0;
  sequence.draft.clear();
  if (draft_) draft_->forget(sequence.id);
  if (sequence.request.embed) sequence.pooled.clear();
  if (sequence.reply_size() == 0) sequence.prompt_logprobs.clear();
  const std::lock_guard lock(mutex_);
  ++stats_.preempted;
}

// Sets back the latest of the least important sequences that have no rows in this step yet, other
// than `needy`. False when there is none.
bool LocalEngine::set_back_for(const Sequence& needy) {
  Sequence* victim = nullptr;
  for (auto& each : running_) {
    if (each.get() == &needy || !each->cache || each->fed > 0 || each->cache->blocks() == 0)
      continue;
    if (each->request.priority > needy.request.priority) continue;
    if (!victim || each->request.priority < victim->request.priority ||
        (each->request.priority == victim->request.priority && each->id > victim->id))
      victim = each.get();
  }
  if (!victim) return false;
  set_back(*victim);
  return true;
}

bool LocalEngine::make_room(Sequence& sequence, int positions) {
  while (!sequence.cache->reserve(positions)) {
    if (options_.prefix_cache && prefixes_.evict()) continue;
    if (!set_back_for(sequence)) return false;
  }
  return true;
}

// Adds rows for the next `count` tokens (of its tokens, then its draft).
bool LocalEngine::feed(Sequence& sequence, int count) {
  if (!make_room(sequence, sequence.in_cache + count)) {
    set_back(sequence);
    return false;
  }
  sequence.fed = count;
  sequence.first_output = outputs_;
  const int last = sequence.size() - 1;
  for (int i = 0; i < count; ++i) {
    const int position = sequence.in_cache + i;
    nn::Row row;
    row.token = position <= last ? sequence.tokens[static_cast<std::size_t>(position)]
                                 : sequence.draft[static_cast<std::size_t>(position - last - 1)];
    row.position = position;
    row.sequence = sequence.cache.get();
    const Request& r = sequence.request;
    row.wants_hidden = r.embed && (r.pooling == nn::Pooling::kMean ||
                                   position == (r.pooling == nn::Pooling::kFirst ? 0 : last));
    row.wants_logits =
        !r.embed && (position >= last || (r.prompt_logprobs && sequence.reply_size() == 0 &&
                                          position + 1 < sequence.prompt_size()));
    if (row.wants_logits || row.wants_hidden) ++outputs_;
    rows_.push_back(row);
  }
  sequence.outputs = outputs_ - sequence.first_output;
  return true;
}

// What its own text suggests costs nothing to find; for the others the draft model is asked.
void LocalEngine::guess_ahead(int decoding) {
  const bool own_text = options_.speculation > 0;
  if ((!own_text && !draft_) || decoding == 0 || decoding > kMostGuessing) return;
  const int guesses = kGuessedRows / decoding;
  std::vector<Sequence*> asked;
  for (auto& s : running_) {
    if (!s->cache || !s->decoding() || s->request.embed) continue;
    if (own_text) s->drafter.propose(s->tokens, s->draft);
    const int left = s->request.max_tokens - s->reply_size() - 1;
    const int most = std::max(0, std::min({guesses, left, info_.context - s->size()}));
    if (static_cast<int>(s->draft.size()) > most) s->draft.resize(static_cast<std::size_t>(most));
    s->draft_by_model = draft_ && s->draft.empty();
    if (s->draft_by_model) asked.push_back(s.get());
  }
  if (!asked.empty()) draft_->propose(asked, std::min(guesses, ModelDraft::kMost));
}

void LocalEngine::step() {
  rows_.clear();
  outputs_ = 0;
  for (auto& sequence : running_) {
    sequence->fed = sequence->outputs = 0;
    sequence->draft.clear();
  }
  int decoding = 0, decode_rows = 0;
  for (auto& s : running_) decoding += s->decoding();
  guess_ahead(decoding);
  for (auto& s : running_) {
    if (!s->cache || !s->decoding() || s->request.embed) continue;
    const int count = 1 + static_cast<int>(s->draft.size());
    if (feed(*s, count)) decode_rows += count;
  }
  const int prompting = static_cast<int>(running_.size()) - decoding;
  int left = clock_.prompt_rows(decode_rows, decoding, prompting, options_.prefill_chunk);
  const int most_scored = forward_.max_outputs();
  for (auto& s : running_) {
    if (left <= 0) break;
    if (!s->cache || s->fed > 0) continue;
    int count = std::min(left, s->size() - s->in_cache);
    if (s->request.prompt_logprobs ||
        (s->request.embed && s->request.pooling == nn::Pooling::kMean))
      count = std::min(count, most_scored - outputs_);
    if (count <= 0 || outputs_ >= most_scored || !feed(*s, count)) continue;
    left -= count;
  }
  // Sequences without a cache were set back: they wait again.
  for (auto& sequence : running_) {
    if (sequence->cache) continue;
    const std::lock_guard lock(mutex_);
    waiting_.push(std::move(sequence));
    stats_.waiting = waiting_.size();
  }
  std::erase(running_, nullptr);
  if (rows_.empty()) return;
  team_.use(team_size_.now());
  team_.take_slept();
  const auto before = Clock::now();
  forward_.run(rows_);
  sample_all();
  const double seconds = std::chrono::duration<double>(Clock::now() - before).count();
  clock_.learn(static_cast<int>(rows_.size()), seconds);
  team_size_.learn(static_cast<int>(rows_.size()), seconds, team_.take_slept());
  const std::lock_guard lock(mutex_);
  ++stats_.steps;
  stats_.last_batch_rows = static_cast<int>(rows_.size());
}

void LocalEngine::loop() {
  while (take_work()) {
    try {
      admit_waiting();
      if (!running_.empty()) step();
    } catch (const std::exception& e) {
      log::error("engine.step_failed", {{"error", e.what()}});
      for (auto& sequence : running_) {
        if (sequence && !sequence->done) finish(*sequence, FinishReason::kError, e.what());
      }
      std::erase(running_, nullptr);
    }
    drop_finished();
  }
}

const char* finish_reason_name(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kCancelled:
      return "cancelled";
    case FinishReason::kDeadline:
      return "deadline";
    case FinishReason::kError:
      return "error";
  }
  return "error";
}

}  // namespace parley::engine
