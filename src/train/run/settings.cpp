#include "train/run/settings.hpp"

#include <limits>

namespace parley::train {

void describe(Fields& at, ModelSettings& m) {
  at.text("size", "the one dial that sets every number below",
          {.choices = {kModelSizes.begin(), kModelSizes.end()}}, into(m.size));
  at.integer("width", "numbers per token in the residual stream", 16, 8192, into(m.width));
  at.integer("layers", "transformer blocks", 1, 128, into(m.layers));
  at.integer("heads", "attention heads", 1, 128, into(m.heads));
  at.integer("kv_heads", "key and value heads; divides heads", 1, 128, into(m.kv_heads));
  at.integer("hidden", "width inside the feed-forward part", 16, 32768, into(m.hidden));
  at.integer("vocabulary", "tokens the tokenizer knows", 300, 131072, into(m.vocabulary));
  at.integer("context", "tokens the model can look back on", 32, 32768, into(m.context));
}

void describe(Fields& at, TrainSettings& t) {
  at.number("minutes", "time to train for", {.min = 0, .max = 100'000, .above_min = true},
            into(t.minutes));
  at.integer("steps", "steps to train for, instead of minutes", 1, 1'000'000'000, into(t.steps));
  at.number("learning_rate", "peak learning rate", {.min = 0, .max = 1, .above_min = true},
            into(t.learning_rate));
  at.integer("batch", "sequences in one step", 1, 65536, into(t.batch));
  at.integer("seed", "another seed, another model", 0, std::numeric_limits<long long>::max(),
             into(t.seed));
  at.flag("early_stop", "stop when the validation loss no longer falls", into(t.early_stop));
}

}  // namespace parley::train
