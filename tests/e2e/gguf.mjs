// Writes a Hugging Face folder of tiny_model.mjs as a GGUF file, as llama.cpp's converter would: its names, its order of
// the query and key rows, its vocabulary keys.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const kTypes = { u32: 4, f32: 6, bool: 7, text: 8, list: 9, i32: 5 };
const kF32 = 0;
const kBF16 = 30;

class Writer {
  parts = [];
  length = 0;
  push(buffer) {
    this.parts.push(buffer);
    this.length += buffer.length;
  }
  number(bytes, write) {
    const buffer = Buffer.alloc(bytes);
    write(buffer);
    this.push(buffer);
  }
  u32 = (value) => this.number(4, (b) => b.writeUInt32LE(value));
  i32 = (value) => this.number(4, (b) => b.writeInt32LE(value));
  f32 = (value) => this.number(4, (b) => b.writeFloatLE(value));
  u64 = (value) => this.number(8, (b) => b.writeBigUInt64LE(BigInt(value)));
  bool = (value) => this.number(1, (b) => b.writeUInt8(value ? 1 : 0));
  text(value) {
    const bytes = Buffer.from(value);
    this.u64(bytes.length);
    this.push(bytes);
  }
  key(name, type, value) {
    this.text(name);
    this.u32(kTypes[type]);
    this[type](value);
  }
  list(name, type, values) {
    this.text(name);
    this.u32(kTypes.list);
    this.u32(kTypes[type]);
    this.u64(values.length);
    for (const value of values) this[type](value);
  }
  pad() {
    this.push(Buffer.alloc((32 - (this.length % 32)) % 32));
  }
}

const kNames = [
  [/^model\.embed_tokens\./, 'token_embd.'],
  [/^model\.norm\./, 'output_norm.'],
  [/^lm_head\./, 'output.'],
  [/^model\.layers\.(\d+)\.input_layernorm\./, 'blk.$1.attn_norm.'],
  [/^model\.layers\.(\d+)\.post_attention_layernorm\./, 'blk.$1.ffn_norm.'],
  [/^model\.layers\.(\d+)\.self_attn\.([qkv])_proj\./, 'blk.$1.attn_$2.'],
  [/^model\.layers\.(\d+)\.self_attn\.o_proj\./, 'blk.$1.attn_output.'],
  [/^model\.layers\.(\d+)\.mlp\.(gate|up|down)_proj\./, 'blk.$1.ffn_$2.'],
];

function gguf_name(name) {
  for (const [pattern, replacement] of kNames) if (pattern.test(name)) return name.replace(pattern, replacement);
  throw new Error(name);
}

// Rows of a head come as pairs that turn together: (0, half), (1, half + 1), …
function pair_rows(data, rows, columns, head_dim) {
  const out = Buffer.alloc(data.length);
  const bytes = columns * 2;
  for (let row = 0; row < rows; ++row) {
    const head = Math.floor(row / head_dim) * head_dim;
    const within = row - head;
    const from = head + (within % 2) * (head_dim / 2) + Math.floor(within / 2);
    data.copy(out, row * bytes, from * bytes, (from + 1) * bytes);
  }
  return out;
}

export function write_gguf(folder, path, chat_template) {
  const config = JSON.parse(readFileSync(join(folder, 'config.json')));
  const tokenizer = JSON.parse(readFileSync(join(folder, 'tokenizer.json')));
  const file = readFileSync(join(folder, 'model.safetensors'));
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, start));
  const tensors = Object.entries(header).map(([name, { shape, data_offsets: [from, to] }]) => {
    let data = file.subarray(start + from, start + to);
    if (/[qk]_proj/.test(name)) data = pair_rows(data, shape[0], shape[1], config.head_dim);
    if (shape.length > 1) return { name: gguf_name(name), shape, type: kBF16, data };
    const floats = Buffer.alloc(shape[0] * 4);
    for (let i = 0; i < shape[0]; ++i) floats.writeUInt32LE((data.readUInt16LE(i * 2) << 16) >>> 0, i * 4);
    return { name: gguf_name(name), shape, type: kF32, data: floats };
  });

  const keys = new Writer();
  let count = 0;
  const key = (...each) => (keys.key(...each), ++count);
  const list = (...each) => (keys.list(...each), ++count);
  key('general.architecture', 'text', 'llama');
  key('llama.context_length', 'u32', config.max_position_embeddings);
  key('llama.embedding_length', 'u32', config.hidden_size);
  key('llama.block_count', 'u32', config.num_hidden_layers);
  key('llama.feed_forward_length', 'u32', config.intermediate_size);
  key('llama.attention.head_count', 'u32', config.num_attention_heads);
  key('llama.attention.head_count_kv', 'u32', config.num_key_value_heads);
  key('llama.attention.key_length', 'u32', config.head_dim);
  key('llama.attention.layer_norm_rms_epsilon', 'f32', config.rms_norm_eps);
  key('llama.rope.freq_base', 'f32', config.rope_theta);
  key('llama.rope.dimension_count', 'u32', config.head_dim);
  key('llama.vocab_size', 'u32', config.vocab_size);
  const pieces = [];
  for (const [piece, id] of Object.entries(tokenizer.model.vocab)) pieces[id] = piece;
  const special = new Set(tokenizer.added_tokens.map((each) => each.id));
  key('tokenizer.ggml.model', 'text', 'gpt2');
  key('tokenizer.ggml.pre', 'text', 'llama-bpe');
  list('tokenizer.ggml.tokens', 'text', pieces);
  list('tokenizer.ggml.token_type', 'i32', pieces.map((_, id) => (special.has(id) ? 3 : 1)));
  list('tokenizer.ggml.merges', 'text', []);
  key('tokenizer.ggml.bos_token_id', 'u32', config.bos_token_id);
  key('tokenizer.ggml.eos_token_id', 'u32', config.eos_token_id);
  key('tokenizer.ggml.add_bos_token', 'bool', false);
  if (chat_template) key('tokenizer.chat_template', 'text', chat_template);

  const out = new Writer();
  out.push(Buffer.from('GGUF'));
  out.u32(3);
  out.u64(tensors.length);
  out.u64(count);
  for (const part of keys.parts) out.push(part);
  let offset = 0;
  for (const tensor of tensors) {
    out.text(tensor.name);
    out.u32(tensor.shape.length);
    for (const size of [...tensor.shape].reverse()) out.u64(size);
    out.u32(tensor.type);
    out.u64(offset);
    offset += Math.ceil(tensor.data.length / 32) * 32;
  }
  for (const tensor of tensors) {
    out.pad();
    out.push(tensor.data);
  }
  out.pad();
  writeFileSync(path, Buffer.concat(out.parts));
}
