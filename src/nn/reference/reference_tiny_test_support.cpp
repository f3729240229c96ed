// Tiny random checkpoints: weights drawn so that attention is neither flat nor one-hot and logits
// spread over a few units.
#include <cmath>
#include <cstring>
#include <fstream>
#include <random>

#include "nn/reference/reference_checkpoint_test_support.hpp"
#include "nn/reference/reference_tiny_test_support.hpp"

namespace parley::test {
namespace {

struct Drawn {
  std::string name, dtype;
  std::vector<std::size_t> shape;
  std::string bytes;
};

class Weights {
 public:
  Weights(std::uint32_t seed, StoredAs dtype) : random_(seed), dtype_(dtype) {}

  void add(const std::string& name, std::vector<std::size_t> shape, double spread,
           double center = 0) {
    std::size_t count = 1;
    for (const std::size_t d : shape) count *= d;
    std::normal_distribution<double> normal(center, spread);
    Drawn tensor{name, {}, std::move(shape), {}};
    for (std::size_t i = 0; i < count; ++i) append(normal(random_), tensor.bytes);
    tensor.dtype = dtype_ == StoredAs::kFloat32   ? "F32"
                   : dtype_ == StoredAs::kFloat16 ? "F16"
                                                  : "BF16";
    tensors_.push_back(std::move(tensor));
  }
  // A matrix whose results are about as large as its inputs.
  void matrix(const std::string& name, std::size_t outputs, std::size_t inputs, double gain = 1) {
    add(name, {outputs, inputs}, gain / std::sqrt(static_cast<double>(inputs)));
  }
  // A lower-triangular mask of flags, which old checkpoints carry along.
  void mask(const std::string& name, std::size_t positions) {
    Drawn tensor{name, "BOOL", {1, 1, positions, positions}, {}};
    for (std::size_t i = 0; i < positions * positions; ++i)
      tensor.bytes += i % positions <= i / positions ? '\1' : '\0';
    tensors_.push_back(std::move(tensor));
  }
  const std::vector<Drawn>& tensors() const { return tensors_; }

 private:
  void append(double value, std::string& out) const {
    const auto rounded =
        static_cast<float>(dtype_ == StoredAs::kFloat32   ? value
                           : dtype_ == StoredAs::kFloat16 ? nearest_float16(value)
                                                          : nearest_bfloat16(value));
    char bytes[4];
    if (dtype_ == StoredAs::kFloat16) {
      const auto half = static_cast<_Float16>(rounded);
      std::memcpy(bytes, &half, 2);
      out.append(bytes, 2);
      return;
    }
    std::memcpy(bytes, &rounded, 4);
    if (dtype_ == StoredAs::kFloat32) out.append(bytes, 4);
    if (dtype_ == StoredAs::kBFloat16) out.append(bytes + 2, 2);  // the high half
  }
  std::mt19937 random_;
  StoredAs dtype_;
  std::vector<Drawn> tensors_;
};

void draw_gpt2(const TinySizes& s, Weights& w) {
  const auto conv = [&](const std::string& name, std::size_t inputs, std::size_t outputs,
                        double gain) {
    w.add(name + ".weight", {inputs, outputs}, gain / std::sqrt(static_cast<double>(inputs)));
    w.add(name + ".bias", {outputs}, 0.2);
  };
  const auto norm = [&](const std::string& name) {
    w.add(name + ".weight", {s.width}, 0.2, 1);
    w.add(name + ".bias", {s.width}, 0.2);
  };
  w.add("wte.weight", {s.vocabulary, s.width}, 0.3);
  w.add("wpe.weight", {static_cast<std::size_t>(s.positions), s.width}, 0.2);
  for (std::size_t i = 0; i < s.layers; ++i) {
    const std::string p = "h." + std::to_string(i) + ".";
    norm(p + "ln_1");
    w.mask(p + "attn.bias", static_cast<std::size_t>(s.positions));
    conv(p + "attn.c_attn", s.width, 3 * s.width, 1.4);
    conv(p + "attn.c_proj", s.width, s.width, 1);
    norm(p + "ln_2");
    conv(p + "mlp.c_fc", s.width, s.hidden, 1);
    conv(p + "mlp.c_proj", s.hidden, s.width, 1);
  }
  norm("ln_f");
}

void draw(Family family, const TinySizes& s, bool tied, Weights& w) {
  if (family == Family::kGpt2) return draw_gpt2(s, w);
  const bool multimodal = family == Family::kGemma3Multimodal;
  const bool gemma3 = multimodal || family == Family::kGemma3;
  const bool gemma = gemma3 || family == Family::kGemma || family == Family::kGemma2;
  const bool fused = family == Family::kPhi3 || family == Family::kPhi3LongRope;
  const bool biased = family == Family::kQwen2 || family == Family::kQwen2Yarn;
  const bool qk_norm = gemma3 || family == Family::kQwen3;
  const std::string model = multimodal ? "language_model.model." : "model.";
  const auto norm = [&](const std::string& name, std::size_t size) {
    w.add(name + ".weight", {size}, 0.2, gemma ? 0 : 1);  // Gemma's scale by 1 + weight
  };
  const std::size_t q = s.heads * s.head_dim, kv = s.kv_heads * s.head_dim;
  w.add(model + "embed_tokens.weight", {s.vocabulary, s.width}, 0.3);
  for (std::size_t i = 0; i < s.layers; ++i) {
    const std::string p = model + "layers." + std::to_string(i) + ".", a = p + "self_attn.",
                      m = p + "mlp.";
    norm(p + "input_layernorm", s.width);
    if (fused) {
      w.matrix(a + "qkv_proj.weight", q + 2 * kv, s.width, 1.4);
      w.matrix(m + "gate_up_proj.weight", 2 * s.hidden, s.width);
    } else {
      w.matrix(a + "q_proj.weight", q, s.width, 1.4);
      w.matrix(a + "k_proj.weight", kv, s.width, 1.4);
      w.matrix(a + "v_proj.weight", kv, s.width);
      w.matrix(m + "gate_proj.weight", s.hidden, s.width);
      w.matrix(m + "up_proj.weight", s.hidden, s.width);
    }
    if (biased) {
      w.add(a + "q_proj.bias", {q}, 0.5);
      w.add(a + "k_proj.bias", {kv}, 0.5);
      w.add(a + "v_proj.bias", {kv}, 0.5);
    }
    if (qk_norm) {
      norm(a + "q_norm", s.head_dim);
      norm(a + "k_norm", s.head_dim);
    }
    w.matrix(a + "o_proj.weight", s.width, q);
    norm(p + "post_attention_layernorm", s.width);
    if (gemma3 || family == Family::kGemma2) {
      norm(p + "pre_feedforward_layernorm", s.width);
      norm(p + "post_feedforward_layernorm", s.width);
    }
    w.matrix(m + "down_proj.weight", s.width, s.hidden);
  }
  norm(model + "norm", s.width);
  if (!tied) w.matrix("lm_head.weight", s.vocabulary, s.width, 2.5);
  if (multimodal) {
    w.add("multi_modal_projector.mm_input_projection_weight", {16, s.width}, 0.1);
    w.add("vision_tower.vision_model.post_layernorm.weight", {16}, 0.1, 1);
  }
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::ssize(bytes));
}

void write_shard(const std::filesystem::path& path, std::span<const Drawn> tensors) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};
  std::string body;
  for (const Drawn& tensor : tensors) {
    header[tensor.name] = {{"dtype", tensor.dtype},
                           {"shape", tensor.shape},
                           {"data_offsets", {body.size(), body.size() + tensor.bytes.size()}}};
    body += tensor.bytes;
  }
  const std::string text = header.dump();
  const std::uint64_t size = text.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &size, 8);
  write_file(path, file + text + body);
}

void write_sharded(const std::filesystem::path& folder, std::span<const Drawn> tensors) {
  Json index = {{"metadata", Json::object()}, {"weight_map", Json::object()}};
  std::size_t total = 0, from = 0;
  for (std::size_t shard = 1; shard <= 3; ++shard) {
    const std::size_t to = tensors.size() * shard / 3;
    const std::string name = "model-0000" + std::to_string(shard) + "-of-00003.safetensors";
    write_shard(folder / name, tensors.subspan(from, to - from));
    for (; from < to; ++from) {
      index["weight_map"][tensors[from].name] = name;
      total += tensors[from].bytes.size();
    }
  }
  index["metadata"]["total_size"] = total;
  write_file(folder / "model.safetensors.index.json", index.dump(2) + "\n");
}

}  // namespace

void write_tiny_checkpoint(const std::filesystem::path& folder, Family family, std::uint32_t seed,
                           StoredAs dtype) {
  std::filesystem::create_directories(folder);
  const TinySizes sizes = tiny_sizes(family);
  Json config = tiny_config(family, sizes, dtype);
  write_file(folder / "config.json", config.dump(2) + "\n");
  Weights weights(seed, dtype);
  draw(family, sizes, config.value("tie_word_embeddings", true), weights);
  if (family == Family::kMistral)
    write_sharded(folder, weights.tensors());
  else
    write_shard(folder / "model.safetensors", weights.tensors());
}

std::vector<std::int32_t> random_tokens(int vocabulary, int count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::int32_t> token(0, vocabulary - 1);
  std::vector<std::int32_t> out(static_cast<std::size_t>(count));
  for (auto& t : out) t = token(random);
  return out;
}

}  // namespace parley::test
