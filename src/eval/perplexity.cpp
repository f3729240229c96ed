#include "eval/perplexity.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/progress.hpp"
#include "data/dataset.hpp"
#include "engine/packed_model.hpp"
#include "nn/forward.hpp"
#include "text/chat_format.hpp"

namespace parley::eval {

double PredictionReport::perplexity() const {
  return targets > 0 ? std::exp(loss_sum / static_cast<double>(targets)) : 0;
}
double PredictionReport::bits_per_byte() const {
  return text_bytes > 0 ? loss_sum / std::log(2.0) / static_cast<double>(text_bytes) : 0;
}

PredictionReport score_conversations(const std::filesystem::path& folder,
                                     const std::filesystem::path& jsonl,
                                     const PredictionOptions& options) {
  const auto model = nn::Model::load(folder, {options.precision, options.threads});
  const auto tokenizer = engine::load_tokenizer_of(folder);
  const nn::Kernels& kernels = nn::select_kernels(options.isa);
  ThreadTeam team(options.threads > 0 ? options.threads : usable_cpus());
  const int context = model->config().context;
  const auto vocabulary = static_cast<std::size_t>(model->config().vocabulary);
  // 8 M logits are 32 MB: enough rows for the kernels' large tiles, whatever the vocabulary.
  const int chunk = static_cast<int>(std::clamp<std::size_t>((8u << 20) / vocabulary, 8, 256));
  nn::KvCache cache(model->config(), model->is_float32(), nn::KvCache::blocks_for(context));
  nn::ForwardPass forward(*model, kernels, cache, team, chunk, chunk);

  PredictionReport report;
  report.kernels = kernels.name;
  const auto records = data::read_conversations(jsonl);
  Progress progress("evaluate", records.size(), "conversations");
  for (const data::Record& record : records) {
    const text::EncodedChat chat = text::encode_chat(*tokenizer, record.messages);
    for (const auto& message : record.messages) {
      if (message.role == "assistant")
        report.text_bytes += static_cast<std::int64_t>(message.content.size());
    }
    const int length = static_cast<int>(chat.ids.size());
    int scored = 0;
    for (int from = 0; scored + 1 < length; from += context / 2) {
      const int count = std::min(context, length - from);
      nn::KvSequence sequence(cache);
      sequence.reserve(count);
      for (int at = 0; at < count; at += chunk) {
        std::vector<nn::Row> rows;
        std::vector<std::int32_t> wanted;
        for (int i = at; i < std::min(at + chunk, count); ++i) {
          const auto next = static_cast<std::size_t>(from + i + 1);
          const bool target = i + 1 < count && from + i >= scored && chat.is_target[next];
          if (target) wanted.push_back(chat.ids[next]);
          rows.push_back({chat.ids[static_cast<std::size_t>(from + i)], i, &sequence, target});
        }
        forward.run(rows);
        for (std::size_t i = 0; i < wanted.size(); ++i) {
          const float* row = forward.logits(static_cast<int>(i)).data();
          const auto best = std::max_element(row, row + vocabulary) - row;
          double sum = 0;
          for (std::size_t v = 0; v < vocabulary; ++v)
            sum += std::exp(static_cast<double>(row[v] - row[best]));
          report.loss_sum += std::log(sum) + row[best] - row[wanted[i]];
          report.top1_hits += best == wanted[i];
          report.argmax.push_back(static_cast<std::int32_t>(best));
        }
        report.targets += static_cast<std::int64_t>(wanted.size());
      }
      scored = from + count - 1;
      if (from + count == length) break;
    }
    progress.update(static_cast<std::uint64_t>(++report.conversations));
  }
  if (report.targets == 0) {
    fail(ErrorKind::kInvalidInput, jsonl.string() + ": no assistant message to score",
         "name a file of conversations");
  }
  return report;
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
