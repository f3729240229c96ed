#include "train/run/plan.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "base/suggest.hpp"
#include "nn/files/packed_config.hpp"

namespace parley::train {
namespace {

struct Size {
  std::string_view name;
  int width, layers, heads, kv_heads, hidden, vocabulary, context;
  double minutes;
};
constexpr Size kSizes[] = {
    {"nano", 128, 3, 4, 2, 352, 2048, 256, 2},    {"micro", 192, 4, 6, 2, 512, 4096, 512, 4},
    {"mini", 256, 6, 8, 4, 704, 4096, 512, 8},    {"small", 384, 6, 6, 3, 1024, 8192, 512, 20},
    {"base", 512, 8, 8, 4, 1376, 8192, 1024, 60},
};

static_assert(std::equal(std::begin(kSizes), std::end(kSizes), kModelSizes.begin(),
                         kModelSizes.end(), [](const Size& size, std::string_view name) {
                           return size.name == name;
                         }));

const Size& find_size(const std::string& name) {
  for (const Size& size : kSizes) {
    if (name == size.name) return size;
  }
  fail(ErrorKind::kInvalidInput, "parley.yaml: model.size: unknown size '" + name + "'",
       "choose " + one_of(kModelSizes));
}

[[noreturn]] void bad(const std::string& field, const std::string& why) {
  fail(ErrorKind::kInvalidInput, "parley.yaml: model." + field + ": " + why,
       "leave it out to take what model.size sets");
}

}  // namespace

int planned_vocabulary(const ModelSettings& model) {
  return model.vocabulary.value_or(find_size(model.size).vocabulary);
}

TrainPlan make_plan(const ModelSettings& m, const TrainSettings& t, std::int64_t train_tokens) {
  const Size& size = find_size(m.size);
  TrainPlan plan;
  plan.size = m.size;
  nn::ModelConfig& c = plan.model;
  c.width = m.width.value_or(size.width);
  c.layers = m.layers.value_or(size.layers);
  c.heads = m.heads.value_or(m.width ? std::max(1, c.width / 64) : size.heads);
  c.kv_heads = m.kv_heads.value_or(m.heads || m.width ? c.heads : size.kv_heads);
  // SwiGLU's usual 8/3 of the width, to a multiple of 32, which the bf16 kernels want.
  c.hidden = m.hidden.value_or(m.width ? (c.width * 8 / 3 + 31) / 32 * 32 : size.hidden);
  c.context = m.context.value_or(size.context);
  c.vocabulary = planned_vocabulary(m);
  if (c.width < 8) bad("width", "is " + std::to_string(c.width) + ", expected at least 8");
  if (c.width % c.heads != 0 || c.width / c.heads % 2 != 0) {
    bad("heads", std::to_string(c.heads) + " does not divide width " + std::to_string(c.width) +
                     " into even heads");
  }
  if (c.heads % c.kv_heads != 0) {
    bad("kv_heads",
        std::to_string(c.kv_heads) + " does not divide heads " + std::to_string(c.heads));
  }
  c.head_dim = c.width / c.heads;
  c.tie_embeddings = true;
  c.bos = 0;
  c.eos = 1;

  plan.sequence = std::min(c.context, 512);
  plan.batch = t.batch.value_or(std::max(1, 4096 / plan.sequence));
  // Smaller models want larger steps: 4e-3 at width 256, falling with the square root of the width.
  plan.learning_rate = t.learning_rate.value_or(4e-3 * std::sqrt(256.0 / c.width));
  plan.seed = t.seed;
  plan.early_stop = t.early_stop;
  plan.steps = t.steps.value_or(0);
  plan.minutes = t.minutes.value_or(plan.steps > 0 ? 0 : size.minutes);
  // A model with many weights for each token of its data memorises it. Dropout holds that off for a
  // while; past about ten passes the held-out loss was seen to rise again (5.5 M weights, 0.9 M
  // tokens).
  const double weights_per_token =
      train_tokens > 0 ? static_cast<double>(c.parameters()) / static_cast<double>(train_tokens)
                       : 0;
  const double dropout = std::min(0.25, 0.035 * weights_per_token);
  plan.dropout = dropout < 0.02 ? 0.0 : std::round(dropout * 100) / 100;
  plan.max_epochs = weights_per_token < 0.1 ? 0 : 10;
  return plan;
}

Json describe_plan(const TrainPlan& plan) {
  // Names every field there is: one that is new does not compile until it stands here too.
  const auto& [size, model, sequence, batch, learning_rate, beta1, beta2, epsilon, weight_decay,
               clip, dropout, warmup_share, steps, max_epochs, minutes, seed, early_stop] = plan;
  return {{"size", size},
          {"model", nn::packed_config(model)},
          {"sequence", sequence},
          {"batch", batch},
          {"learning_rate", learning_rate},
          {"beta1", beta1},
          {"beta2", beta2},
          {"epsilon", epsilon},
          {"weight_decay", weight_decay},
          {"clip", clip},
          {"dropout", dropout},
          {"warmup_share", warmup_share},
          {"steps", steps},
          {"max_epochs", max_epochs},
          {"minutes", minutes},
          {"seed", seed},
          {"early_stop", early_stop}};
}

std::string run_key(const TrainPlan& plan, const std::string& dataset, const std::string& compute,
                    int threads) {
  const Json whole = {{"plan", describe_plan(plan)},
                      {"dataset", dataset},
                      {"compute", compute},
                      {"threads", threads}};
  return sha256_hex(to_text(whole)).substr(0, 16);
}

double learning_rate_at(const TrainPlan& plan, std::int64_t step) {
  const double steps = static_cast<double>(std::max<std::int64_t>(plan.steps, 1));
  const double warmup = std::max(10.0, plan.warmup_share * steps);
  const double at = static_cast<double>(step) + 1;
  if (at < warmup) return plan.learning_rate * at / warmup;
  return plan.learning_rate * std::max(0.0, (steps - at) / std::max(1.0, steps - warmup));
}

}  // namespace parley::train
