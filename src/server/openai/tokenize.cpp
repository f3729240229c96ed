// POST /tokenize and /detokenize.
#include "server/http/json_response.hpp"
#include "server/openai/engine_batch.hpp"
#include "server/openai/raw_api.hpp"
#include "text/utf8.hpp"

namespace parley::server {

using text::TokenId;

void tokenize_text(const std::shared_ptr<Exchange>& exchange, const Json& body,
                   chat::ModelLease model) {
  BodyFields fields(body, {"model", "prompt", "content", "add_special_tokens", "parse_special"});
  const auto prompt = fields.string(fields.has("content") ? "content" : "prompt");
  if (!prompt && !fields.problem())
    fields.reject("prompt", "prompt: required: the text", "missing_required_parameter");
  const bool add = fields.boolean("add_special_tokens").value_or(true);
  const bool parse = fields.boolean("parse_special").value_or(false);
  if (refuse_fields(exchange, fields, *model)) return;
  const text::Tokenizer& tokenizer = engine_of(*model).tokenizer();
  std::vector<TokenId> ids;
  if (add && tokenizer.add_bos() && tokenizer.bos() >= 0) ids.push_back(tokenizer.bos());
  if (parse) {
    tokenizer.encode_with_special(*prompt, ids);
  } else {
    tokenizer.encode(*prompt, ids);
  }
  if (add && tokenizer.add_eos() && tokenizer.eos() >= 0) ids.push_back(tokenizer.eos());
  const Json out = {
      {"count", ids.size()}, {"max_model_len", engine_of(*model).model().context}, {"tokens", ids}};
  exchange->respond(json_response(200, out));
}

void detokenize_ids(const std::shared_ptr<Exchange>& exchange, const Json& body,
                    chat::ModelLease model) {
  BodyFields fields(body, {"model", "tokens"});
  const text::Tokenizer& tokenizer = engine_of(*model).tokenizer();
  std::vector<TokenId> ids;
  const Json* tokens = fields.find("tokens");
  if (!tokens || !tokens->is_array()) {
    fields.reject("tokens", "tokens: required: an array of token ids",
                  "missing_required_parameter");
  } else {
    ids = read_ids(fields, "tokens", *tokens, tokenizer);
  }
  if (refuse_fields(exchange, fields, *model)) return;
  const Json out = {{"prompt", text::repair_utf8(tokenizer.decode(ids))}};
  exchange->respond(json_response(200, out));
}

}  // namespace parley::server
