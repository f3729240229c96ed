#include "engine/local_engine.hpp"

#include <algorithm>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/sha256.hpp"

namespace parley::engine {

using text::TokenId;

struct LocalEngine::Sequence {
  RequestId id;
  Request request;
  OnUpdate on_update;
  std::vector<TokenId> tokens;  // prompt, then reply
  int in_cache = 0;             // tokens already run through the model
  TextStream text;
  std::unique_ptr<nn::KvSequence> cache;
  bool cancelled = false;
  bool done = false;

  Sequence(RequestId number, Request&& r, OnUpdate&& callback)
      : id(number), request(std::move(r)), on_update(std::move(callback)), text(request.stop) {
    tokens = request.prompt;
  }
  int prompt_size() const { return static_cast<int>(request.prompt.size()); }
  int reply_size() const { return static_cast<int>(tokens.size()) - prompt_size(); }
};

namespace {

// Enough blocks for every sequence at full context, within a quarter of the memory, and at least
// one full context.
int cache_blocks(const nn::ModelConfig& config, int max_concurrent) {
  const std::size_t block =
      std::size_t(config.layers) * config.kv_heads * 2 * nn::kKvBlock * config.head_dim * 4;
  const auto affordable = static_cast<std::int64_t>(usable_memory() / 4 / block);
  const std::int64_t one = nn::KvCache::blocks_for(config.context);
  return static_cast<int>(std::max(one, std::min(one * max_concurrent, affordable)));
}

std::string model_address(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / "manifest.json"))
    return Manifest::load(folder / "manifest.json").address();
  return sha256_file(folder / "model.safetensors");
}

}  // namespace

LocalEngine::LocalEngine(const std::filesystem::path& folder, const Options& options)
    : options_(options),
      model_(nn::Model::load(folder,
                             options.float32 ? nn::Precision::kFloat32 : nn::Precision::kInt8,
                             options.threads)),
      tokenizer_(text::load_tokenizer(folder)),
      kernels_(nn::select_kernels(options.isa)),
      team_(options.threads > 0 ? options.threads : usable_cpus()),
      cache_(model_->config(), cache_blocks(model_->config(), options.max_concurrent)),
      forward_(*model_, kernels_, cache_, team_, options.max_concurrent + options.prefill_chunk),
      sampler_(kernels_, model_->config().vocabulary),
      logits_(std::size_t(options.max_concurrent) * model_->config().vocabulary) {
  const nn::ModelConfig& config = model_->config();
  if (tokenizer_->vocabulary_size() > config.vocabulary) {
    fail(ErrorKind::kInvalidInput,
         folder.string() + ": tokenizer.json has " + std::to_string(tokenizer_->vocabulary_size()) +
             " tokens, config.json's vocab_size is " + std::to_string(config.vocabulary),
         "the two files belong to different models");
  }
  info_.name = std::filesystem::weakly_canonical(folder).filename().string();
  info_.address = model_address(folder);
  info_.parameters = model_->parameters();
  info_.context = config.context;
  info_.vocabulary = config.vocabulary;
  info_.architecture = "llama";
  info_.kernels = std::string(kernels_.name) +
                  (options.float32 ? " float32" : " int8 group " + std::to_string(nn::kGroup));
  log::info("engine.ready", {{"model", info_.name},
                             {"parameters", info_.parameters},
                             {"kernels", info_.kernels},
                             {"threads", team_.size()},
                             {"weight_bytes", model_->weight_bytes()}});
  rows_.reserve(static_cast<std::size_t>(forward_.max_rows()));
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

RequestId LocalEngine::submit(Request request, OnUpdate on_update) {
  const nn::ModelConfig& config = model_->config();
  if (request.prompt.empty())
    fail(ErrorKind::kInvalidInput, "the prompt is empty", "send at least one token");
  if (static_cast<int>(request.prompt.size()) >= config.context) {
    fail(ErrorKind::kLimit,
         "the prompt has " + std::to_string(request.prompt.size()) +
             " tokens, the model's context is " + std::to_string(config.context),
         "shorten the conversation");
  }
  for (const TokenId id : request.prompt) {
    if (id < 0 || id >= config.vocabulary)
      fail(ErrorKind::kInvalidInput, "token id " + std::to_string(id) + " is out of range");
  }
  const int room = config.context - static_cast<int>(request.prompt.size());
  request.max_tokens = std::clamp(request.max_tokens, 1, room);
  RequestId id = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stop_) fail(ErrorKind::kUnavailable, "the engine is shutting down", "try again later");
    // Requests that a free place is about to take do not count as waiting.
    const int places = std::max(0, options_.max_concurrent - stats_.running);
    if (static_cast<int>(waiting_.size()) >= options_.max_queue + places) {
      fail(ErrorKind::kUnavailable,
           "too many requests are waiting (" + std::to_string(waiting_.size()) + ")",
           "try again in a few seconds");
    }
    id = next_id_++;
    waiting_.push_back(std::make_unique<Sequence>(id, std::move(request), std::move(on_update)));
    ++stats_.requests;
    stats_.waiting = static_cast<int>(waiting_.size());
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

void LocalEngine::finish(Sequence& sequence, FinishReason reason, const std::string& error) {
  Update update;
  update.text = sequence.text.finish();
  update.finished = true;
  update.reason = reason;
  update.error = error;
  update.prompt_tokens = sequence.prompt_size();
  update.reply_tokens = sequence.reply_size();
  sequence.done = true;
  sequence.cache.reset();
  send(sequence, update);
}

bool LocalEngine::take_work() {
  std::vector<std::unique_ptr<Sequence>> ended;
  bool go_on = true;
  {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return stop_ || !waiting_.empty() || !running_.empty(); });
    for (const RequestId id : cancelled_) {
      for (auto& sequence : running_) {
        if (sequence->id == id) sequence->cancelled = true;
      }
      for (auto& sequence : waiting_) {
        if (sequence && sequence->id == id) ended.push_back(std::move(sequence));
      }
      std::erase(waiting_, nullptr);
    }
    cancelled_.clear();
    if (stop_) {
      go_on = false;
      for (auto& sequence : waiting_) ended.push_back(std::move(sequence));
      waiting_.clear();
      for (auto& sequence : running_) ended.push_back(std::move(sequence));
      running_.clear();
    }
    stats_.cancelled += ended.size();
    stats_.waiting = static_cast<int>(waiting_.size());
  }
  for (auto& sequence : ended) finish(*sequence, FinishReason::kCancelled);
  for (auto& sequence : running_) {
    if (!sequence->cancelled) continue;
    {
      const std::lock_guard lock(mutex_);
      ++stats_.cancelled;
    }
    finish(*sequence, FinishReason::kCancelled);
  }
  drop_finished();
  return go_on;
}

void LocalEngine::drop_finished() {
  std::erase_if(running_, [](const auto& sequence) { return sequence->done; });
  const std::lock_guard lock(mutex_);
  stats_.running = static_cast<int>(running_.size());
}

// First come, first served. A request takes all the cache it can ever need when it starts, so none
// is ever evicted.
void LocalEngine::admit_waiting() {
  const std::lock_guard lock(mutex_);
  while (!waiting_.empty() && static_cast<int>(running_.size()) < options_.max_concurrent) {
    Sequence& next = *waiting_.front();
    const int positions = next.prompt_size() + next.request.max_tokens;
    if (nn::KvCache::blocks_for(positions) > cache_.free_blocks()) break;
    next.cache = std::make_unique<nn::KvSequence>(cache_);
    next.cache->reserve(positions);
    stats_.prompt_tokens += static_cast<std::uint64_t>(next.prompt_size());
    running_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  stats_.running = static_cast<int>(running_.size());
  stats_.waiting = static_cast<int>(waiting_.size());
}

void LocalEngine::accept(Sequence& sequence, TokenId token) {
  const auto& stops = sequence.request.stop_tokens;
  if (std::find(stops.begin(), stops.end(), token) != stops.end()) {
    finish(sequence, FinishReason::kStop);
    return;
  }
  sequence.tokens.push_back(token);
  Update update;
  update.text = sequence.text.push(tokenizer_->token_bytes(token));
  update.tokens = {token};
  update.prompt_tokens = sequence.prompt_size();
  update.reply_tokens = sequence.reply_size();
  send(sequence, update);
  if (sequence.text.stopped()) {
    finish(sequence, FinishReason::kStop);
  } else if (sequence.reply_size() >= sequence.request.max_tokens) {
    finish(sequence, FinishReason::kLength);
  }
}

// One forward pass: every sequence whose prompt is done adds its newest token; what room is left
// goes to prompts, in order of arrival.
void LocalEngine::step() {
  const int vocabulary = model_->config().vocabulary;
  rows_.clear();
  std::vector<Sequence*> sampled;
  int prefill_left = options_.prefill_chunk;
  for (auto& sequence : running_) {
    const int size = static_cast<int>(sequence->tokens.size());
    const bool decoding = size - sequence->in_cache == 1;
    const int count = decoding ? 1 : std::min(prefill_left, size - sequence->in_cache);
    if (!decoding) prefill_left -= count;
    for (int i = 0; i < count; ++i) {
      const int position = sequence->in_cache + i;
      float* logits = nullptr;
      if (position == size - 1) {
        logits = logits_.data() + sampled.size() * static_cast<std::size_t>(vocabulary);
        sampled.push_back(sequence.get());
      }
      rows_.push_back({sequence->tokens[static_cast<std::size_t>(position)], position,
                       sequence->cache.get(), logits});
    }
    sequence->in_cache += count;
  }
  forward_.run(rows_);
  for (std::size_t i = 0; i < sampled.size(); ++i) {
    Sequence& sequence = *sampled[i];
    const std::span<float> logits(logits_.data() + i * static_cast<std::size_t>(vocabulary),
                                  static_cast<std::size_t>(vocabulary));
    const TokenId token = sampler_.sample(logits, sequence.request.sampling, sequence.tokens,
                                          static_cast<int>(sequence.tokens.size()));
    accept(sequence, token);
  }
  const std::lock_guard lock(mutex_);
  ++stats_.steps;
  stats_.reply_tokens += sampled.size();
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
        if (!sequence->done) finish(*sequence, FinishReason::kError, e.what());
      }
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
    case FinishReason::kError:
      return "error";
  }
  return "error";
}

std::unique_ptr<Engine> Engine::load(const std::filesystem::path& model_dir,
                                     const Options& options) {
  return std::make_unique<LocalEngine>(model_dir, options);
}

}  // namespace parley::engine
