// Writes a model folder with random weights that speaks the chat format: enough to test everything around a model.
// It says printable ASCII and nothing else, so replies end at max_tokens only: the first dimension of its hidden state
// is the same at every position, and the output layer uses it to push all other tokens far down.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const kSpecials = ['<|bos|>', '<|end|>', '<|system|>', '<|user|>', '<|assistant|>', '<|document|>'];
const kSplit =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

// The 256 bytes as the printable characters that byte-level tokenizers write them with.
function byte_characters() {
  const plain = (b) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCodePoint(plain(b) ? b : next++));
}

function write_tokenizer(folder) {
  const vocab = {};
  kSpecials.forEach((text, id) => (vocab[text] = id));
  byte_characters().forEach((text, b) => (vocab[text] = kSpecials.length + b));
  const byte_level = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: kSpecials.map((content, id) => ({
      id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [{ type: 'Split', pattern: { Regex: kSplit }, behavior: 'Isolated', invert: false }, byte_level],
    },
    post_processor: null,
    decoder: byte_level,
    model: {
      type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null,
      fuse_unk: false, byte_fallback: false, ignore_merges: false, vocab, merges: [],
    },
  };
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
}

// A small generator, so that every run has the same weights.
function random_source(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function write_tiny_model(folder, { width = 64, layers = 2, hidden = 128, context = 4096 } = {}) {
  mkdirSync(folder, { recursive: true });
  write_tokenizer(folder);
  const heads = width / 16;
  const kv = Math.max(1, heads / 2);
  const vocabulary = kSpecials.length + 256;
  const config = {
    architectures: ['LlamaForCausalLM'], model_type: 'llama', vocab_size: vocabulary, hidden_size: width,
    num_hidden_layers: layers, num_attention_heads: heads, num_key_value_heads: kv, head_dim: 16,
    intermediate_size: hidden, max_position_embeddings: context, rope_theta: 10000, rms_norm_eps: 1e-5,
    hidden_act: 'silu', tie_word_embeddings: false, bos_token_id: 0, eos_token_id: 1, torch_dtype: 'bfloat16',
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));

  const next = random_source(7);
  const tensors = [];
  const add = (name, shape, value) => tensors.push({ name, shape, value });
  const spread = (s) => () => (next() * 2 - 1) * s;
  const one = () => 1;
  const said = (row) => row >= kSpecials.length + 32 && row < kSpecials.length + 127;
  // No layer writes to dimension 0.
  const not_first = (columns) => (i) => (i < columns ? 0 : (next() * 2 - 1) * 0.2);
  add('model.embed_tokens.weight', [vocabulary, width], (i) => (i % width === 0 ? 2 : (next() * 2 - 1) * 1.5));
  for (let l = 0; l < layers; ++l) {
    const p = `model.layers.${l}.`;
    add(p + 'input_layernorm.weight', [width], one);
    add(p + 'self_attn.q_proj.weight', [width, width], spread(0.2));
    add(p + 'self_attn.k_proj.weight', [kv * 16, width], spread(0.2));
    add(p + 'self_attn.v_proj.weight', [kv * 16, width], spread(0.2));
    add(p + 'self_attn.o_proj.weight', [width, width], not_first(width));
    add(p + 'post_attention_layernorm.weight', [width], one);
    add(p + 'mlp.gate_proj.weight', [hidden, width], spread(0.2));
    add(p + 'mlp.up_proj.weight', [hidden, width], spread(0.2));
    add(p + 'mlp.down_proj.weight', [width, hidden], not_first(hidden));
  }
  add('model.norm.weight', [width], one);
  // Logits of the printable characters spread by about 2, whatever the width.
  const scale = 3 / Math.sqrt(width);
  add('lm_head.weight', [vocabulary, width], (i) => {
    if (i % width !== 0) return (next() * 2 - 1) * scale;
    return said(Math.floor(i / width)) ? 0 : -200;
  });

  const header = {};
  let offset = 0;
  for (const t of tensors) {
    const size = t.shape.reduce((a, b) => a * b, 1) * 2;
    header[t.name] = { dtype: 'BF16', shape: t.shape, data_offsets: [offset, offset + size] };
    offset += size;
  }
  let text = JSON.stringify(header);
  text += ' '.repeat((8 - (text.length % 8)) % 8);
  const file = Buffer.alloc(8 + text.length + offset);
  file.writeBigUInt64LE(BigInt(text.length), 0);
  file.write(text, 8);
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  let at = 8 + text.length;
  for (const t of tensors) {
    const count = t.shape.reduce((a, b) => a * b, 1);
    for (let i = 0; i < count; ++i, at += 2) {
      float[0] = t.value(i);
      file.writeUInt16LE(bits[0] >>> 16, at);
    }
  }
  writeFileSync(join(folder, 'model.safetensors'), file);
}
