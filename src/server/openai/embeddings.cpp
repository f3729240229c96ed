// POST /v1/embeddings.
#include <cmath>
#include <utility>

#include "base/base64.hpp"
#include "server/http/json_response.hpp"
#include "server/http/problem.hpp"
#include "server/openai/engine_batch.hpp"
#include "server/openai/raw_api.hpp"

namespace parley::server {
namespace {

std::string base64(const std::vector<float>& values) {
  return encode_base64(
      {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
}

}  // namespace

void embed_texts(const std::shared_ptr<Exchange>& exchange, const Json& body,
                 chat::ModelLease model) {
  BodyFields fields(
      body, {"model", "input", "encoding_format", "dimensions", "user", "pooling", "normalize"});
  const auto inputs = read_prompts(fields, "input", engine_of(*model).tokenizer());
  const std::string format = fields.string("encoding_format").value_or("float");
  if (format != "float" && format != "base64")
    fields.reject("encoding_format", "encoding_format: expected 'float' or 'base64'");
  nn::Pooling pooling = model->info().pooling;
  if (const auto wanted = fields.string("pooling")) {
    const auto known = nn::pooling_named(*wanted);
    if (!known) fields.reject("pooling", "pooling: expected 'mean', 'last' or 'first'");
    pooling = known.value_or(pooling);
  }
  const bool normalise = fields.boolean("normalize").value_or(true);
  const auto dimensions = fields.integer("dimensions", 1, 1 << 20);
  if (refuse_fields(exchange, fields, *model)) return;
  std::vector<engine::Request> requests;
  for (const auto& input : inputs) {
    engine::Request request;
    request.prompt = input;
    request.embed = true;
    request.pooling = pooling;
    requests.push_back(std::move(request));
  }
  const std::string name = model->name();
  const auto done = [name, format, normalise, dimensions](Batch& batch) {
    if (auto response = batch.failure()) return batch.exchange()->respond(std::move(*response));
    Json data = Json::array();
    for (std::size_t i = 0; i < batch.jobs.size(); ++i) {
      std::vector<float>& vector = batch.jobs[i].embedding;
      if (dimensions && static_cast<std::size_t>(*dimensions) < vector.size())
        vector.resize(static_cast<std::size_t>(*dimensions));
      if (normalise) {
        double square = 0;
        for (const float x : vector) square += static_cast<double>(x) * x;
        const double length = std::sqrt(square);
        if (length > 0) {
          for (float& x : vector) x = static_cast<float>(x / length);
        }
      }
      data.push_back({{"object", "embedding"},
                      {"index", i},
                      {"embedding", format == "float" ? Json(vector) : Json(base64(vector))}});
    }
    const Json used = batch.usage();
    const Json out = {
        {"object", "list"},
        {"data", std::move(data)},
        {"model", name},
        {"usage",
         {{"prompt_tokens", used["prompt_tokens"]}, {"total_tokens", used["prompt_tokens"]}}}};
    batch.exchange()->respond(json_response(200, out));
  };
  std::make_shared<Batch>(model, exchange, done)->start_or_refuse(requests);
}

}  // namespace parley::server
