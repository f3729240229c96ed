#include "server/http/metrics.hpp"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace parley::server {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

const prometheus::Histogram::BucketBoundaries kSeconds = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120};
const prometheus::Histogram::BucketBoundaries kTokensPerSecond = {1,   2,   5,   10,   20,   50,
                                                                  100, 200, 500, 1000, 2000, 5000};

MetricFamily family_of(const char* name, const char* help, MetricType type, double value) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  prometheus::ClientMetric metric;
  if (type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(metric);
  return family;
}

// Engine and compiler keep their own counts; they are read when Prometheus asks.
std::vector<MetricFamily> families_of(const engine::Stats& stats,
                                      const engine::ConstraintCompiler::Stats& forms) {
  std::vector<MetricFamily> families;
  const auto add = [&](const char* name, const char* help, MetricType type, double value) {
    families.push_back(family_of(name, help, type, value));
  };
  const auto count = [](std::uint64_t value) { return static_cast<double>(value); };
  add("parley_engine_requests_total", "Replies asked of the engine", MetricType::Counter,
      count(stats.requests));
  add("parley_engine_prompt_tokens_total", "Prompt tokens read", MetricType::Counter,
      count(stats.prompt_tokens));
  add("parley_engine_reply_tokens_total", "Reply tokens generated", MetricType::Counter,
      count(stats.reply_tokens));
  add("parley_engine_cancelled_total", "Replies cancelled before their end", MetricType::Counter,
      count(stats.cancelled));
  add("parley_engine_steps_total", "Batches computed", MetricType::Counter, count(stats.steps));
  add("parley_engine_running", "Replies being generated together", MetricType::Gauge,
      stats.running);
  add("parley_engine_waiting", "Replies waiting in the queue", MetricType::Gauge, stats.waiting);
  add("parley_engine_batch_rows", "Rows of the last batch", MetricType::Gauge,
      stats.last_batch_rows);
  add("parley_constraints_compiled_total", "Schemas and grammars compiled", MetricType::Counter,
      count(forms.compiled));
  add("parley_constraints_found_total", "Schemas and grammars that had been compiled before",
      MetricType::Counter, count(forms.found + forms.joined));
  add("parley_constraints_refused_total", "Schemas and grammars refused: too many waited",
      MetricType::Counter, count(forms.refused));
  add("parley_constraints_waiting", "Schemas and grammars waiting or being compiled",
      MetricType::Gauge, forms.waiting + forms.running);
  return families;
}

}  // namespace

struct Metrics::State {
  State(const chat::ChatModel& m, const engine::ConstraintCompiler& c) : model(m), constraints(c) {}

  const chat::ChatModel& model;
  const engine::ConstraintCompiler& constraints;
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>* requests = nullptr;
  prometheus::Family<prometheus::Histogram>* request_seconds = nullptr;
  prometheus::Family<prometheus::Counter>* turns = nullptr;
  prometheus::Gauge* active = nullptr;
  prometheus::Histogram* first_token = nullptr;
  prometheus::Histogram* tokens_per_second = nullptr;
  prometheus::Counter* prompt_tokens = nullptr;
  prometheus::Counter* reply_tokens = nullptr;
};

Metrics::Metrics(const chat::ChatModel& model, const engine::ConstraintCompiler& constraints,
                 std::string version)
    : state_(std::make_unique<State>(model, constraints)) {
  using namespace prometheus;
  Registry& registry = state_->registry;
  state_->requests = &BuildCounter()
                          .Name("parley_http_requests_total")
                          .Help("HTTP requests answered, by route, method and status")
                          .Register(registry);
  state_->request_seconds =
      &BuildHistogram()
           .Name("parley_http_request_seconds")
           .Help("Seconds from a request to the end of its answer, streams included")
           .Register(registry);
  state_->turns = &BuildCounter()
                       .Name("parley_turns_total")
                       .Help("Turns ended, by how they ended")
                       .Register(registry);
  state_->active =
      &BuildGauge().Name("parley_turns_active").Help("Turns under way").Register(registry).Add({});
  state_->first_token = &BuildHistogram()
                             .Name("parley_time_to_first_token_seconds")
                             .Help("Seconds from a turn's start to the first text of its reply")
                             .Register(registry)
                             .Add({}, kSeconds);
  state_->tokens_per_second =
      &BuildHistogram()
           .Name("parley_reply_tokens_per_second")
           .Help("Tokens a second of one reply, from its first text to its end")
           .Register(registry)
           .Add({}, kTokensPerSecond);
  state_->prompt_tokens = &BuildCounter()
                               .Name("parley_prompt_tokens_total")
                               .Help("Prompt tokens of ended turns")
                               .Register(registry)
                               .Add({});
  state_->reply_tokens = &BuildCounter()
                              .Name("parley_reply_tokens_total")
                              .Help("Reply tokens of ended turns")
                              .Register(registry)
                              .Add({});
  BuildGauge()
      .Name("parley_info")
      .Help("What is served; always 1")
      .Register(registry)
      .Add({{"version", std::move(version)},
            {"model", model.name()},
            {"kernels", model.info().kernels}})
      .Set(1);
}

Metrics::~Metrics() = default;

void Metrics::request(const Served& served) {
  // 499: the client went away before there was an answer.
  const int status = served.status == 0 ? 499 : served.status;
  // Clients invent methods; each would be a series of its own.
  std::string method = "other";
  for (const char* known : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    if (served.method == known) method = known;
  }
  state_->requests
      ->Add({{"route", served.route}, {"method", method}, {"status", std::to_string(status)}})
      .Increment();
  state_->request_seconds->Add({{"route", served.route}}, kSeconds).Observe(served.seconds);
}

void Metrics::turn_started() {
  state_->active->Increment();
}

void Metrics::turn_ended(const chat::Turn& turn, bool failed) {
  state_->active->Decrement();
  const std::string how = !turn.accepted ? "refused"
                          : failed       ? "error"
                                         : std::string(store::status_name(turn.status));
  state_->turns->Add({{"ended", how}}).Increment();
  state_->prompt_tokens->Increment(turn.prompt_tokens);
  state_->reply_tokens->Increment(turn.reply_tokens);
  if (turn.first_text_s == 0) return;
  state_->first_token->Observe(turn.first_text_s - turn.started_s);
  const double spoken = turn.finished_s - turn.first_text_s;
  if (turn.reply_tokens > 1 && spoken > 0)
    state_->tokens_per_second->Observe((turn.reply_tokens - 1) / spoken);
}

std::string Metrics::text() const {
  auto families = state_->registry.Collect();
  for (auto& family : families_of(state_->model.stats(), state_->constraints.stats()))
    families.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace parley::server
