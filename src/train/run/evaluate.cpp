#include <cmath>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/progress.hpp"
#include "data/dataset.hpp"
#include "nn/files/safetensors.hpp"
#include "package/model_package.hpp"
#include "prompt/chat_format.hpp"
#include "train/train.hpp"

namespace parley::train {

double EvalReport::perplexity() const {
  return targets > 0 ? std::exp(loss_sum / static_cast<double>(targets)) : 0;
}
double EvalReport::bits_per_byte() const {
  return text_bytes > 0 ? loss_sum / std::log(2.0) / static_cast<double>(text_bytes) : 0;
}

EvalReport evaluate_model(const std::filesystem::path& model, const std::filesystem::path& jsonl,
                          const std::optional<std::filesystem::path>& dump, int threads) {
  TrainPlan plan;
  const package::ModelPackage opened(model);
  plan.model = opened.config();
  if (!plan.model.tie_embeddings)
    fail(ErrorKind::kInvalidInput,
         (model / "config.json").string() + ": tie_word_embeddings is false",
         "only tied models can be evaluated by torch");
  const auto weights = nn::open_safetensors(model);
  const auto tokenizer = opened.tokenizer();
  TorchTrainer trainer(plan, threads > 0 ? threads : usable_cpus(), ComputeType::kFloat32);
  std::vector<float> values;
  for (const nn::TensorView& view : weights->tensors()) {
    values.resize(static_cast<std::size_t>(view.elements()));
    for (std::int64_t row = 0; row < view.rows(); ++row)
      view.read_row(row, values.data() + row * view.columns());
    trainer.set_weight(view.name, values.data(), values.size());
  }
  trainer.weights_changed();

  EvalReport report;
  std::string dumped;
  const auto records = data::read_conversations(jsonl);
  Progress progress("evaluate", records.size(), "conversations");
  const int context = plan.model.context;
  for (const data::Record& record : records) {
    const text::EncodedChat chat = text::encode_chat(*tokenizer, record.messages);
    for (const auto& message : record.messages) {
      if (message.role == "assistant" && message.learned)
        report.text_bytes += static_cast<std::int64_t>(message.content.size());
    }
    const int length = static_cast<int>(chat.ids.size());
    // Windows of one context, half a context apart; a target counts in the first window that holds
    // it.
    int scored = 0;
    for (int from = 0; scored + 1 < length; from += context / 2) {
      const int count = std::min(context, length - from);
      Batch batch;
      batch.rows = 1;
      batch.sequence = count;
      batch.ids.assign(chat.ids.begin() + from, chat.ids.begin() + from + count);
      batch.first_key.assign(static_cast<std::size_t>(count), 0);
      for (int i = std::max(0, scored - from); i + 1 < count; ++i) {
        if (!chat.is_target[static_cast<std::size_t>(from + i + 1)]) continue;
        batch.target_rows.push_back(i);
        batch.targets.push_back(chat.ids[static_cast<std::size_t>(from + i + 1)]);
      }
      scored = from + count - 1;
      TokenScores scores;
      const EvalResult result = trainer.evaluate(batch, &scores);
      report.loss_sum += result.loss_sum;
      report.targets += result.targets;
      for (std::size_t i = 0; i < scores.argmax.size(); ++i) {
        report.top1_hits += scores.argmax[i] == batch.targets[i];
        const float log_probability = -scores.loss[i];
        dumped.append(reinterpret_cast<const char*>(&scores.argmax[i]), 4);
        dumped.append(reinterpret_cast<const char*>(&log_probability), 4);
      }
      if (from + count == length) break;
    }
    progress.update(static_cast<std::uint64_t>(++report.conversations));
  }
  if (dump) {
    AtomicFile file(*dump);
    file.write(&report.targets, 8);
    file.write(dumped);
    file.commit();
  }
  return report;
}

}  // namespace parley::train
