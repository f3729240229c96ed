#include "package/llama2c_import.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "nn/files/safetensors.hpp"
#include "nn/model/model_config.hpp"
#include "tokenizer/files/tokenizer_json.hpp"

namespace parley::package {
namespace {
namespace fs = std::filesystem;

constexpr const char* kHint =
    "expected llama2.c's legacy float32 layout (stories260K.bin, stories15M.bin, …)";

[[noreturn]] void bad(const fs::path& path, const std::string& why) {
  fail(ErrorKind::kInvalidInput, path.string() + ": " + why, kHint);
}

struct Checkpoint {
  nn::ModelConfig config;
  std::vector<nn::TensorToWrite> tensors;
  std::vector<std::vector<float>> owned;  // reordered matrices
};

// Hands out consecutive float arrays of the mapped file.
class Cursor {
 public:
  Cursor(const fs::path& path, std::string_view bytes) : path_(path), bytes_(bytes) {}
  const float* take(std::uint64_t count) {
    if (count > (bytes_.size() - at_) / 4)
      bad(path_, "is truncated: needs more than " + std::to_string(bytes_.size()) + " bytes");
    const auto* out = reinterpret_cast<const float*>(bytes_.data() + at_);
    at_ += count * 4;
    return out;
  }

 private:
  const fs::path& path_;
  std::string_view bytes_;
  std::uint64_t at_ = 28;
};

// Rows (2i, 2i+1) of each head become (i, i + head_dim/2).
std::vector<float> split_pairs(const float* w, int heads, int head_dim, int width) {
  std::vector<float> out(static_cast<std::size_t>(heads) * head_dim * width);
  for (int h = 0; h < heads; ++h) {
    for (int d = 0; d < head_dim; ++d) {
      const int to = d / 2 + (d % 2) * (head_dim / 2);
      std::memcpy(out.data() + (static_cast<std::size_t>(h) * head_dim + to) * width,
                  w + (static_cast<std::size_t>(h) * head_dim + d) * width, sizeof(float) * width);
    }
  }
  return out;
}

Checkpoint read_checkpoint(const fs::path& path, std::string_view bytes) {
  if (bytes.size() < 28) bad(path, "is too short for a header");
  std::int32_t h[7];
  std::memcpy(h, bytes.data(), 28);
  const bool tied = h[5] > 0;
  const std::int64_t vocabulary = h[5] < 0 ? -std::int64_t{h[5]} : h[5];
  static constexpr const char* kNames[] = {"dim", "hidden_dim", "n_layers", "n_heads",
                                           "n_kv_heads"};
  static constexpr int kLimits[] = {1 << 16, 1 << 18, 1024, 1024, 1024};
  for (int i = 0; i < 5; ++i) {
    if (h[i] < 1 || h[i] > kLimits[i])
      bad(path, std::string("header field ") + kNames[i] + " is " + std::to_string(h[i]));
  }
  if (vocabulary < 1 || vocabulary > (1 << 20))
    bad(path, "header field vocab_size is " + std::to_string(h[5]));
  if (h[6] < 1 || h[6] > (1 << 20)) bad(path, "header field seq_len is " + std::to_string(h[6]));
  if (h[0] % h[3] != 0 || (h[0] / h[3]) % 2 != 0 || h[3] % h[4] != 0)
    bad(path, "header: heads do not divide dim evenly");

  Checkpoint out;
  nn::ModelConfig& c = out.config;
  c.width = h[0], c.hidden = h[1], c.layers = h[2], c.heads = h[3], c.kv_heads = h[4];
  c.vocabulary = static_cast<int>(vocabulary), c.context = h[6], c.head_dim = c.width / c.heads;
  c.tie_embeddings = tied, c.bos = 1, c.eos = 2, c.dtype = "float32";
  Cursor in(path, bytes);
  const auto width = static_cast<std::uint64_t>(c.width),
             hidden = static_cast<std::uint64_t>(c.hidden);
  const auto layers = static_cast<std::uint64_t>(c.layers),
             kv = static_cast<std::uint64_t>(c.kv_heads * c.head_dim);
  const auto add = [&](const std::string& name, std::vector<std::int64_t> shape,
                       const float* data) {
    out.tensors.push_back({name, nn::DType::kF32, std::move(shape), data});
  };
  add("model.embed_tokens.weight", {c.vocabulary, c.width},
      in.take(static_cast<std::uint64_t>(vocabulary) * width));
  const float* attention_norm = in.take(layers * width);
  const float* wq = in.take(layers * width * width);
  const float* wk = in.take(layers * kv * width);
  const float* wv = in.take(layers * kv * width);
  const float* wo = in.take(layers * width * width);
  const float* ffn_norm = in.take(layers * width);
  const float* w1 = in.take(layers * hidden * width);
  const float* w2 = in.take(layers * hidden * width);
  const float* w3 = in.take(layers * hidden * width);
  const float* final_norm = in.take(width);
  in.take(std::uint64_t(c.context) * c.head_dim);  // the two RoPE tables
  out.owned.reserve(layers * 2);
  for (std::uint64_t l = 0; l < layers; ++l) {
    const std::string prefix = "model.layers." + std::to_string(l) + ".";
    add(prefix + "input_layernorm.weight", {c.width}, attention_norm + l * width);
    out.owned.push_back(split_pairs(wq + l * width * width, c.heads, c.head_dim, c.width));
    add(prefix + "self_attn.q_proj.weight", {c.width, c.width}, out.owned.back().data());
    out.owned.push_back(split_pairs(wk + l * kv * width, c.kv_heads, c.head_dim, c.width));
    add(prefix + "self_attn.k_proj.weight", {std::int64_t(kv), c.width}, out.owned.back().data());
    add(prefix + "self_attn.v_proj.weight", {std::int64_t(kv), c.width}, wv + l * kv * width);
    add(prefix + "self_attn.o_proj.weight", {c.width, c.width}, wo + l * width * width);
    add(prefix + "post_attention_layernorm.weight", {c.width}, ffn_norm + l * width);
    add(prefix + "mlp.gate_proj.weight", {c.hidden, c.width}, w1 + l * hidden * width);
    add(prefix + "mlp.down_proj.weight", {c.width, c.hidden}, w2 + l * hidden * width);
    add(prefix + "mlp.up_proj.weight", {c.hidden, c.width}, w3 + l * hidden * width);
  }
  add("model.norm.weight", {c.width}, final_norm);
  if (!tied)
    add("lm_head.weight", {c.vocabulary, c.width},
        in.take(static_cast<std::uint64_t>(vocabulary) * width));
  return out;
}

text::BpeModel read_tokenizer(const fs::path& path, std::string_view bytes, int vocabulary) {
  text::BpeModel model;
  model.kind = text::BpeModel::Kind::kSentencePiece;
  model.add_space_prefix = true;
  std::vector<float> scores;
  std::unordered_map<std::string, text::TokenId> ids;
  std::size_t at = 4;
  for (int id = 0; id < vocabulary; ++id) {
    float score;
    std::int32_t length;
    if (bytes.size() < 8 || at > bytes.size() - 8)
      bad(path, "ends before token " + std::to_string(id));
    std::memcpy(&score, bytes.data() + at, 4);
    std::memcpy(&length, bytes.data() + at + 4, 4);
    at += 8;
    if (length < 0 || static_cast<std::size_t>(length) > bytes.size() - at) {
      bad(path, "token " + std::to_string(id) + " has length " + std::to_string(length));
    }
    std::string token(bytes.substr(at, static_cast<std::size_t>(length)));
    at += static_cast<std::size_t>(length);
    const bool special = id < 3;  // <unk>, <s>, </s>, spelt with line breaks around the last two
    if (special) token = id == 0 ? "<unk>" : id == 1 ? "<s>" : "</s>";
    for (std::size_t space = 0; !special && (space = token.find(' ', space)) != std::string::npos;
         space += 3) {
      token.replace(space, 1, "\xE2\x96\x81");
    }
    if (!special) ids.emplace(token, id);
    model.tokens.push_back(std::move(token));
    model.special.push_back(special ? 1 : 0);
    scores.push_back(score);
  }
  // A piece is made by merging any two pieces that spell it; the highest score merges first.
  std::vector<text::TokenId> order;
  for (text::TokenId id = 3; id < vocabulary; ++id) order.push_back(id);
  std::sort(order.begin(), order.end(),
            [&](auto a, auto b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
  for (const text::TokenId id : order) {
    const std::string& token = model.tokens[id];
    if (token.size() == 6 && token.rfind("<0x", 0) == 0) continue;
    for (std::size_t cut = 1; cut < token.size(); ++cut) {
      const auto left = ids.find(token.substr(0, cut)), right = ids.find(token.substr(cut));
      if (left != ids.end() && right != ids.end())
        model.merges.push_back({left->second, right->second, id});
    }
  }
  return model;
}

}  // namespace

void import_llama2c(const fs::path& weights, const fs::path& tokenizer, const fs::path& out_dir) {
  const MappedFile weight_file(weights), tokenizer_file(tokenizer);
  const Checkpoint checkpoint = read_checkpoint(weights, weight_file.text());
  const text::BpeModel bpe =
      read_tokenizer(tokenizer, tokenizer_file.text(), checkpoint.config.vocabulary);
  text::BpeTokenizer check(
      bpe);  // a vocabulary without all byte tokens is refused here, before anything is written
  if (fs::exists(out_dir) && !fs::is_empty(out_dir)) {
    fail(ErrorKind::kConflict, out_dir.string() + ": exists and is not empty", "name a new folder");
  }
  fs::create_directories(out_dir);
  text::write_tokenizer_json(bpe, out_dir / "tokenizer.json");
  text::write_generation_config(out_dir / "generation_config.json", 1, 2, 0.0, 1.0);
  nn::write_safetensors(out_dir / "model.safetensors", checkpoint.tensors);
  nn::write_model_config(checkpoint.config,
                         out_dir / "config.json");  // last: a folder with it is complete
}

}  // namespace parley::package
