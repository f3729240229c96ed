#include "base/project.hpp"

#include "base/error.hpp"
#include "base/fields.hpp"
#include "base/project_schema.hpp"
#include "base/yaml.hpp"

namespace parley {
namespace {

using Text = Fields::Text;
using Number = Fields::Number;

// Binds a setter to a variable of any number or text type, optional or not.
template <class T>
auto into(T& target) {
  return [&target](auto value) { target = static_cast<std::decay_t<decltype(value)>>(value); };
}
auto into(std::string& target) {
  return [&target](std::string value) { target = std::move(value); };
}
auto into(int& target) {
  return [&target](long long value) { target = static_cast<int>(value); };
}
auto into(std::optional<int>& target) {
  return [&target](long long value) { target = static_cast<int>(value); };
}
auto into(std::uint64_t& target) {
  return [&target](long long value) { target = static_cast<std::uint64_t>(value); };
}

constexpr long long kMaxSeed = 0x7fffffffffffffff;

bool smaller_is_better(const std::string& metric) {
  return metric == "bits_per_byte" || metric == "response_time_p95_ms";
}

void describe_objective(Fields& at, Objective& o) {
  at.text("metric", "what is measured",
          {.required = true,
           .choices = {"scenario_pass_rate", "bits_per_byte", "response_time_p95_ms",
                       "satisfaction", "engagement", "conversion"}},
          [&o](std::string value) {
            o.compare = smaller_is_better(value) ? "<=" : ">=";
            o.metric = std::move(value);
          });
  at.text("compare", "'>=' (at least) or '<=' (at most); set by the metric when left out",
          {.choices = {">=", "<="}}, into(o.compare));
  at.number("target", "the value to reach; rates are 0 to 1", {.min = 0, .required = true},
            into(o.target));
  o.window = "release";
  at.text("window", "the time it is measured over: hours (24h), days (7d), or each release",
          {.pattern = "[1-9][0-9]{0,3}[hd]|release",
           .expected = "a duration like 24h or 7d, or 'release'"},
          into(o.window));
}

void describe_persona(Fields& at, Persona& p) {
  at.text("name", "the assistant's name", {.max_bytes = 80}, into(p.name));
  at.text("voice", "how it speaks, in a sentence or two", {.may_be_empty = true}, into(p.voice));
  at.text("tagline", "one line under the name on the chat page",
          {.may_be_empty = true, .max_bytes = 200}, into(p.tagline));
  at.text("greeting", "shown in an empty chat; not sent to the model", {.may_be_empty = true},
          into(p.greeting));
  at.texts("suggestions", "first questions offered on the chat page", 12, false, {.max_bytes = 200},
           [&p](std::vector<std::string> value) { p.suggestions = std::move(value); });
  at.text("system_prompt", "sent to the model as the first message",
          {.may_be_empty = true, .max_bytes = 20000}, into(p.system_prompt));
}

void describe_source(Fields& at, DataSource& s) {
  at.text("path", "a file, folder or glob, relative to the project", {}, into(s.path));
  at.text("grammar", "a dialogue grammar, relative to the project", {}, into(s.grammar));
  at.text("format", "how to read the files",
          {.choices = {kDataFormats.begin(), kDataFormats.end()}}, into(s.format));
  at.text("columns", "CSV: which column is what, as user=question,assistant=answer", {},
          into(s.columns));
  at.integer("count", "grammar: how many dialogues to generate", 1, 10'000'000, into(s.count));
  at.integer("seed", "grammar: another seed, other dialogues", 0, kMaxSeed, into(s.seed));
  at.exactly_one_of({"path", "grammar"});
  at.needs("grammar", "count");
}

void describe_data(Fields& at, DataSettings& d) {
  at.list("sources", "where conversations and documents come from", 1000, [&d](Fields& item) {
    DataSource source;
    describe_source(item, source);
    d.sources.push_back(std::move(source));
  });
  at.number("validation", "share of conversations held out to measure on", {.min = 0, .max = 0.5},
            into(d.validation));
  at.number("near_duplicates",
            "similarity (Jaccard, word 5-grams) from which a conversation counts as a copy and is "
            "dropped; 1 = off",
            {.min = 0.3, .max = 1}, into(d.near_duplicates));
}

void describe_model(Fields& at, ModelSettings& m) {
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

void describe_training(Fields& at, TrainSettings& t) {
  at.number("minutes", "time to train for", {.min = 0, .max = 100'000, .above_min = true},
            into(t.minutes));
  at.integer("steps", "steps to train for, instead of minutes", 1, 1'000'000'000, into(t.steps));
  at.number("learning_rate", "peak learning rate", {.min = 0, .max = 1, .above_min = true},
            into(t.learning_rate));
  at.integer("batch", "sequences in one step", 1, 65536, into(t.batch));
  at.integer("seed", "another seed, another model", 0, kMaxSeed, into(t.seed));
  at.flag("early_stop", "stop when the validation loss no longer falls", into(t.early_stop));
}

void describe_serving(Fields& at, ServeSettings& s) {
  at.text("host", "address to listen on; 0.0.0.0 for every interface", {.max_bytes = 255},
          into(s.host));
  at.integer("port", "TCP port", 1, 65535, into(s.port));
  at.number("temperature", "how freely the model chooses words; 0 = always the likeliest",
            {.min = 0, .max = 5}, into(s.temperature));
  at.number("top_p", "choose among the likeliest tokens that sum to this share",
            {.min = 0, .max = 1, .above_min = true}, into(s.top_p));
  at.number("min_p", "drop tokens below this share of the likeliest one's probability",
            {.min = 0, .max = 1}, into(s.min_p));
  at.integer("top_k", "choose among this many tokens; 0 = off", 0, 1'000'000, into(s.top_k));
  at.number("repetition_penalty", "above 1 discourages repeating; 1 = off",
            {.min = 0, .max = 10, .above_min = true}, into(s.repetition_penalty));
  at.integer("max_tokens", "longest reply, in tokens", 1, 32768, into(s.max_tokens));
  at.integer("threads", "compute threads; 0 = all usable processors", 0, 1024, into(s.threads));
  at.integer("max_concurrent", "replies written at the same time", 1, 4096, into(s.max_concurrent));
  at.integer("max_queue", "requests that may wait for a place; more get status 429", 0, 1'000'000,
             into(s.max_queue));
}

void describe_project(Fields& at, Project& p) {
  at.text("name", "the project's name", {.required = true, .max_bytes = 80}, into(p.name));
  at.text("use_case", "what the assistant is for", {.may_be_empty = true}, into(p.use_case));
  at.list("objectives", "what success means, in numbers", 50, [&p](Fields& item) {
    Objective objective;
    describe_objective(item, objective);
    p.objectives.push_back(std::move(objective));
  });
  at.map("persona", "who the assistant is", [&p](Fields& in) { describe_persona(in, p.persona); });
  at.map("data", "what it learns from", [&p](Fields& in) { describe_data(in, p.data); });
  at.map("model", "how big the model is", [&p](Fields& in) { describe_model(in, p.model); });
  at.map("training", "how it is trained", [&p](Fields& in) { describe_training(in, p.training); });
  at.map("serving", "how it is served", [&p](Fields& in) { describe_serving(in, p.serving); });
}

}  // namespace

Project load_project(const std::filesystem::path& dir) {
  Project project;
  project.root = std::filesystem::absolute(dir).lexically_normal();
  if (!std::filesystem::exists(project.file())) {
    fail(ErrorKind::kNotFound, project.file().string() + ": no such file",
         "run this in a project folder, name one with --project DIR, or make one: parley new DIR");
  }
  // 1 MB is a hundred times the largest sensible project file.
  const yaml::Value root =
      yaml::load(project.file(), "parley.yaml", {.bytes = 1u << 20, .nodes = 50'000});
  load_fields(root, "parley.yaml", "", [&project](Fields& at) { describe_project(at, project); });
  return project;
}

Json project_schema() {
  Json schema = {
      {"$schema", "http://json-schema.org/draft-07/schema#"},
      {"title", "parley.yaml"},
      {"description", "A Parley project: one assistant. docs/project.md explains every key."}};
  Project scratch;
  const Json fields = schema_of_fields([&scratch](Fields& at) { describe_project(at, scratch); });
  for (const auto& [key, value] : fields.items()) schema[key] = value;
  return schema;
}

}  // namespace parley
