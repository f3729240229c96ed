// What is derived from the dial and the overrides, and that a run's key stands for the whole plan.
#include "train/run/plan.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "base/error.hpp"

namespace parley::train {
namespace plan_test {

TrainPlan plan_of(const ModelSettings& model = {}, const TrainSettings& training = {},
                  std::int64_t tokens = 1'000'000'000) {
  return make_plan(model, training, tokens);
}

std::string refusal(const ModelSettings& model) {
  try {
    plan_of(model);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidInput);
    return error.message();
  }
  return "accepted";
}

std::string key_of(const TrainPlan& plan) {
  return run_key(plan, "dataset", "bf16", 2);
}

TEST(Plan, EverySizeIsAModelThatCanBe) {
  for (const std::string_view size : kModelSizes) {
    ModelSettings settings;
    settings.size = size;
    const TrainPlan plan = plan_of(settings);
    const nn::ModelConfig& c = plan.model;
    EXPECT_EQ(plan.size, size);
    EXPECT_EQ(c.width, c.heads * c.head_dim) << size;
    EXPECT_EQ(c.heads % c.kv_heads, 0) << size;
    EXPECT_EQ(c.hidden % 32, 0) << size;
    EXPECT_LE(plan.sequence, c.context) << size;
    EXPECT_EQ(c.vocabulary, planned_vocabulary(settings));
    EXPECT_GT(plan.minutes, 0) << size;
    EXPECT_EQ(plan.dropout, 0) << "with data for every weight there is nothing to hold off";
    EXPECT_EQ(plan.max_epochs, 0) << size;
  }
}

TEST(Plan, OverridesAreHonouredAndTheRestFollowsThem) {
  ModelSettings model;
  model.width = 384;
  TrainPlan plan = plan_of(model);
  EXPECT_EQ(plan.model.heads, 6);  // heads of 64
  EXPECT_EQ(plan.model.kv_heads, 6);
  EXPECT_EQ(plan.model.hidden, 1024);  // 8/3 of the width, to a multiple of 32
  model.heads = 12, model.kv_heads = 4, model.hidden = 96, model.layers = 2;
  model.vocabulary = 777, model.context = 128;
  plan = plan_of(model);
  EXPECT_EQ(plan.model.heads, 12);
  EXPECT_EQ(plan.model.kv_heads, 4);
  EXPECT_EQ(plan.model.head_dim, 32);
  EXPECT_EQ(plan.model.hidden, 96);
  EXPECT_EQ(plan.model.layers, 2);
  EXPECT_EQ(plan.model.vocabulary, 777);
  EXPECT_EQ(plan.sequence, 128) << "a row is no longer than the context";
  EXPECT_EQ(plan.batch, 32);

  TrainSettings training;
  training.steps = 50, training.batch = 3, training.learning_rate = 0.5, training.seed = 9;
  training.early_stop = false;
  plan = plan_of(model, training);
  EXPECT_EQ(plan.steps, 50);
  EXPECT_EQ(plan.minutes, 0) << "steps are a horizon of their own";
  EXPECT_EQ(plan.batch, 3);
  EXPECT_EQ(plan.learning_rate, 0.5);
  EXPECT_EQ(plan.seed, 9u);
  EXPECT_FALSE(plan.early_stop);
}

TEST(Plan, LittleDataMeansDropoutAndFewPasses) {
  EXPECT_EQ(plan_of({}, {}, 1'000'000).max_epochs, 10);
  EXPECT_GT(plan_of({}, {}, 1'000'000).dropout, 0);
  EXPECT_LE(plan_of({}, {}, 1000).dropout, 0.25);
}

TEST(Plan, RefusesWhatCannotBeByItsName) {
  ModelSettings model;
  model.heads = 7;
  EXPECT_NE(refusal(model).find("model.heads: 7 does not divide width 256"), std::string::npos);
  model.heads = 8, model.kv_heads = 3;
  EXPECT_NE(refusal(model).find("model.kv_heads: 3 does not divide heads 8"), std::string::npos);
  model = {};
  model.size = "medium";
  EXPECT_NE(refusal(model).find("model.size: unknown size 'medium'"), std::string::npos);
}

TEST(Plan, TheRateWarmsUpAndFallsToZero) {
  TrainPlan plan;
  plan.learning_rate = 1, plan.steps = 1000;
  EXPECT_LT(learning_rate_at(plan, 0), 0.05);
  EXPECT_GT(learning_rate_at(plan, 30), 0.97);
  for (std::int64_t step = 31; step < 1000; ++step)
    EXPECT_LT(learning_rate_at(plan, step), learning_rate_at(plan, step - 1));
  EXPECT_EQ(learning_rate_at(plan, 999), 0);
}

// One change of each field: describe_plan() cannot be compiled without a field, and this test fails
// for one that it describes and does not change here.
TEST(Plan, AChangeOfAnyFieldIsAnotherRun) {
  const std::vector<std::function<void(TrainPlan&)>> changes = {
      [](TrainPlan& p) { p.size = "base"; },
      [](TrainPlan& p) { p.model.rope_theta = 20000; },
      [](TrainPlan& p) { p.sequence += 1; },
      [](TrainPlan& p) { p.batch += 1; },
      [](TrainPlan& p) { p.learning_rate *= 1.0000001; },
      [](TrainPlan& p) { p.beta1 = 0.91; },
      [](TrainPlan& p) { p.beta2 = 0.96; },
      [](TrainPlan& p) { p.epsilon = 1e-9; },
      [](TrainPlan& p) { p.weight_decay = 0.2; },
      [](TrainPlan& p) { p.clip = 2; },
      [](TrainPlan& p) { p.dropout = 0.1; },
      [](TrainPlan& p) { p.warmup_share = 0.04; },
      [](TrainPlan& p) { p.steps += 1; },
      [](TrainPlan& p) { p.max_epochs += 1; },
      [](TrainPlan& p) { p.minutes += 1; },
      [](TrainPlan& p) { p.seed += 1; },
      [](TrainPlan& p) { p.early_stop = !p.early_stop; }};
  const TrainPlan plan = plan_of();
  std::set<std::string> keys = {key_of(plan)}, changed;
  for (const auto& change : changes) {
    TrainPlan other = plan;
    change(other);
    EXPECT_TRUE(keys.insert(key_of(other)).second) << to_text(describe_plan(other));
    const Json before = describe_plan(plan), after = describe_plan(other);
    for (const auto& [name, value] : after.items()) {
      if (value != before.at(name)) changed.insert(name);
    }
  }
  EXPECT_EQ(changed.size(), describe_plan(plan).size());
  EXPECT_EQ(key_of(plan), key_of(plan_of()));
}

TEST(Plan, AChangeOfTheModelTheDataOrTheArithmeticIsAnotherRun) {
  const std::vector<std::function<void(nn::ModelConfig&)>> changes = {
      [](nn::ModelConfig& c) { c.norm_epsilon = 1e-6f; },
      [](nn::ModelConfig& c) { c.rope_theta += 1; },
      [](nn::ModelConfig& c) { c.rope_scaling.beta_fast += 1; },
      [](nn::ModelConfig& c) { c.rope_scaling.long_factor = {1, 2}; },
      [](nn::ModelConfig& c) { c.kinds = {nn::LayerKind{4, true, false}}; },
      [](nn::ModelConfig& c) { c.kinds = {nn::LayerKind{0, false, false}}; },
      [](nn::ModelConfig& c) { c.kinds = {nn::LayerKind{0, true, true}}; },
      [](nn::ModelConfig& c) { c.eos_all = {1}; },
      [](nn::ModelConfig& c) { c.activation = nn::Activation::kGeluTanh; },
      [](nn::ModelConfig& c) { c.dtype = "float32"; }};
  const TrainPlan plan = plan_of();
  std::set<std::string> keys = {key_of(plan)};
  for (const auto& change : changes) {
    TrainPlan other = plan;
    change(other.model);
    EXPECT_TRUE(keys.insert(key_of(other)).second) << to_text(describe_plan(other));
  }
  EXPECT_TRUE(keys.insert(run_key(plan, "other data", "bf16", 2)).second);
  EXPECT_TRUE(keys.insert(run_key(plan, "dataset", "float32", 2)).second);
  EXPECT_TRUE(keys.insert(run_key(plan, "dataset", "bf16", 3)).second);
}

}  // namespace plan_test
}  // namespace parley::train
