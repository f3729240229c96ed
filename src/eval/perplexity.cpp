#include "eval/perplexity.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/progress.hpp"
#include "data/dataset.hpp"
#include "nn/model/forward.hpp"
#include "prompt/chat_format.hpp"
#include "text/utf8.hpp"

namespace parley::eval {

double PredictionReport::perplexity() const {
  return targets > 0 ? std::exp(loss_sum / static_cast<double>(targets)) : 0;
}
double PredictionReport::bits_per_byte() const {
  return text_bytes > 0 ? loss_sum / std::log(2.0) / static_cast<double>(text_bytes) : 0;
}

namespace {

// Longer texts are scored in windows half of it apart.
constexpr int kLongestWindow = 4096;

class Scorer {
 public:
  Scorer(const package::ModelPackage& model, const PredictionOptions& options)
      : model_(model.load_weights({options.precision, options.threads})),
        tokenizer_(model.tokenizer()),
        kernels_(nn::select_kernels(options.isa)),
        team_(options.threads > 0 ? options.threads : usable_cpus()),
        window_(std::min(model_->config().context, kLongestWindow)),
        vocabulary_(static_cast<std::size_t>(model_->config().vocabulary)),
        // 8 M logits are 32 MB: enough rows for the kernels' large tiles, whatever the vocabulary.
        chunk_(static_cast<int>(std::clamp<std::size_t>((8u << 20) / vocabulary_, 8, 256))),
        cache_(model_->config(), model_->is_float32(), nn::KvCache::blocks_for(window_)),
        forward_(*model_, kernels_, cache_, team_, chunk_, chunk_) {
    report.kernels = kernels_.name;
  }

  const text::Tokenizer& tokenizer() const { return *tokenizer_; }
  PredictionReport report;

  // Scores the ids whose `is_target` is set; `progress` hears how far it is.
  void score(const std::vector<text::TokenId>& ids, const std::vector<bool>& is_target,
             const std::function<void(int)>& progress = {}) {
    const int length = static_cast<int>(ids.size());
    int scored = 0;
    for (int from = 0; scored + 1 < length; from += window_ / 2) {
      const int count = std::min(window_, length - from);
      nn::KvSequence sequence(cache_);
      sequence.reserve(count);
      for (int at = 0; at < count; at += chunk_) {
        rows_.clear();
        wanted_.clear();
        for (int i = at; i < std::min(at + chunk_, count); ++i) {
          const auto next = static_cast<std::size_t>(from + i + 1);
          const bool target = i + 1 < count && from + i >= scored && is_target[next];
          if (target) wanted_.push_back(ids[next]);
          rows_.push_back({ids[static_cast<std::size_t>(from + i)], i, &sequence, target});
        }
        forward_.run(rows_);
        add_outputs();
        if (progress) progress(from + at);
      }
      scored = from + count - 1;
      if (from + count == length) break;
    }
  }

 private:
  void add_outputs() {
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const float* row = forward_.logits(static_cast<int>(i)).data();
      const auto best = std::max_element(row, row + vocabulary_) - row;
      double sum = 0;
      for (std::size_t v = 0; v < vocabulary_; ++v)
        sum += std::exp(static_cast<double>(row[v] - row[best]));
      report.loss_sum += std::log(sum) + row[best] - row[wanted_[i]];
      report.top1_hits += best == wanted_[i];
      report.argmax.push_back(static_cast<std::int32_t>(best));
    }
    report.targets += static_cast<std::int64_t>(wanted_.size());
  }

  std::unique_ptr<nn::Model> model_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  const nn::Kernels& kernels_;
  ThreadTeam team_;
  const int window_;
  const std::size_t vocabulary_;
  const int chunk_;
  nn::KvCache cache_;
  nn::ForwardPass forward_;
  std::vector<nn::Row> rows_;
  std::vector<text::TokenId> wanted_;
};

}  // namespace

PredictionReport score_conversations(const package::ModelPackage& model,
                                     const std::filesystem::path& jsonl,
                                     const PredictionOptions& options) {
  Scorer scorer(model, options);
  PredictionReport& report = scorer.report;
  const auto records = data::read_conversations(jsonl);
  Progress progress("evaluate", records.size(), "conversations");
  for (const data::Record& record : records) {
    const text::EncodedChat chat = text::encode_chat(scorer.tokenizer(), record.messages);
    for (const auto& message : record.messages) {
      if (message.role == "assistant" && message.learned)
        report.text_bytes += static_cast<std::int64_t>(message.content.size());
    }
    scorer.score(chat.ids, {chat.is_target.begin(), chat.is_target.end()});
    progress.update(static_cast<std::uint64_t>(++report.conversations));
  }
  if (report.targets == 0) {
    fail(ErrorKind::kInvalidInput, jsonl.string() + ": no assistant message to score",
         "name a file of conversations");
  }
  return report;
}

PredictionReport score_text(const package::ModelPackage& model, const std::filesystem::path& file,
                            const PredictionOptions& options) {
  Scorer scorer(model, options);
  const MappedFile map(file);
  std::vector<text::TokenId> ids;
  const text::Tokenizer& tokenizer = scorer.tokenizer();
  const text::TokenId start = std::max(tokenizer.special(text::kBos), tokenizer.bos());
  if (start >= 0) ids.push_back(start);
  tokenizer.encode(text::repair_utf8(map.text()), ids);
  if (ids.size() < 2)
    fail(ErrorKind::kInvalidInput, file.string() + ": no text to score", "name a file of text");
  Progress progress("evaluate", ids.size(), "tokens");
  scorer.score(ids, std::vector<bool>(ids.size(), true),
               [&](int done) { progress.update(static_cast<std::uint64_t>(done)); });
  progress.update(ids.size());
  scorer.report.text_bytes = static_cast<std::int64_t>(map.text().size());
  return std::move(scorer.report);
}

ReferenceScores read_reference(const std::filesystem::path& path) {
  const MappedFile map(path);
  const std::string_view bytes = map.text();
  std::int64_t count = 0;
  if (bytes.size() >= 8) std::memcpy(&count, bytes.data(), 8);
  if (bytes.size() < 8 || count < 0 || static_cast<std::size_t>(count) != (bytes.size() - 8) / 8 ||
      bytes.size() % 8 != 0) {
    fail(ErrorKind::kInvalidInput, path.string() + ": not a file of reference scores",
         "write one with `parley-train eval MODEL FILE --dump PATH`");
  }
  ReferenceScores out;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int32_t argmax;
    float log_probability;
    std::memcpy(&argmax, bytes.data() + 8 + i * 8, 4);
    std::memcpy(&log_probability, bytes.data() + 12 + i * 8, 4);
    out.argmax.push_back(argmax);
    out.loss_sum -= log_probability;
  }
  return out;
}

}  // namespace parley::eval
