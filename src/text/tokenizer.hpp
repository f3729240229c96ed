// Text to token ids and back. Thread-safe after construction.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::text {

using TokenId = std::int32_t;

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  virtual int vocabulary_size() const = 0;
  // Appends the ids of `text` to `out`. Text that spells a special token is encoded as plain text,
  // never as the special id: what a user types cannot forge a turn.
  virtual void encode(std::string_view text, std::vector<TokenId>& out) const = 0;
  // The bytes of one token; empty for special tokens. Concatenated over encode(text) they equal
  // `text` exactly.
  virtual std::string_view token_bytes(TokenId id) const = 0;
  virtual bool is_special(TokenId id) const = 0;
  // Id of a special token by its spelling ("<|end|>"), or -1.
  virtual TokenId special(std::string_view spelling) const = 0;

  std::vector<TokenId> encode(std::string_view text) const {
    std::vector<TokenId> ids;
    encode(text, ids);
    return ids;
  }
  std::string decode(std::span<const TokenId> ids) const;
};

// Loads tokenizer.json of a Hugging Face folder (byte-level BPE), or the SentencePiece BPE a
// llama2.c import saves. Errors: kNotFound, kInvalidInput naming the field.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& model_dir);

}  // namespace parley::text
