// Text to token ids and back. Thread-safe after construction.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/named_files.hpp"
#include "tokenizer/added_token.hpp"

namespace parley::text {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  virtual int vocabulary_size() const = 0;

  // Appends the ids of `text` to `out`, without bos or eos. Text that spells a guarded token - one
  // that is special, or that steers the model whatever its flags say - is encoded as plain text,
  // never as that id: what a user types cannot forge a turn.
  // Errors: kLimit for more than 1 GiB, or when a split expression of the model gives up.
  virtual void encode(std::string_view text, std::vector<TokenId>& out) const = 0;
  // The same, with guarded tokens recognised: for text that the program wrote. Give what users
  // wrote to encode().
  virtual void encode_with_special(std::string_view text, std::vector<TokenId>& out) const = 0;
  // The same for a text of both, such as a rendered chat template: a guarded token is recognised
  // where the program wrote all of it. `written`: a mark for each byte of the text, 1 where the
  // program wrote it, else 0.
  virtual void encode_written(std::string_view text, std::string_view written,
                              std::vector<TokenId>& out) const = 0;

  // The bytes of one token; empty for special tokens. For byte-level models, concatenated over
  // encode(text) they equal `text` (normalised, where the model normalises). Models that put a
  // space before the text give it back here: at the start of a text drop leading_space(id) bytes.
  virtual std::string_view token_bytes(TokenId id) const = 0;
  // How many bytes of token_bytes(id) decoding leaves out when no text came before it. A stream
  // that continues a text keeps them.
  virtual std::size_t leading_space(TokenId) const { return 0; }
  // How the vocabulary spells a token ("▁the", "Ġthe", "<0x0A>"); empty for an id without token.
  virtual std::string_view piece(TokenId id) const = 0;
  // The id of a token by that spelling, or -1.
  virtual TokenId find(std::string_view piece) const = 0;

  // Special tokens steer the model and are not shown.
  virtual bool is_special(TokenId id) const = 0;
  // Id of a special or added token by its spelling ("<|end|>", "<think>"), or -1.
  virtual TokenId special(std::string_view spelling) const = 0;

  // The tokens that begin and end a text, -1 where the model names none, and whether the model
  // wants them put around a prompt. encode() never adds them.
  virtual TokenId bos() const { return -1; }
  virtual TokenId eos() const { return -1; }
  virtual bool add_bos() const { return false; }
  virtual bool add_eos() const { return false; }

  std::vector<TokenId> encode(std::string_view text) const {
    std::vector<TokenId> ids;
    encode(text, ids);
    return ids;
  }
  std::vector<TokenId> encode_with_special(std::string_view text) const {
    std::vector<TokenId> ids;
    encode_with_special(text, ids);
    return ids;
  }
  // The text of ids that start a text: token_bytes() joined, without the leading space.
  std::string decode(std::span<const TokenId> ids) const;
};

// What those around a tokenizer know of it, and its own file does not say.
struct TokenizerHints {
  std::string bos, eos;             // spellings; empty: not said
  int add_bos = -1, add_eos = -1;   // 0 or 1; -1: not said
  std::string written;              // what the program writes around others' texts
  std::vector<TokenId> ends;        // what ends a turn
  std::vector<TokenBeside> beside;  // tokens that other files add to the vocabulary
  // Of SentencePiece models: transformers' LlamaTokenizer without its `legacy` way puts a space
  // before the text, and none before what follows a token that was found whole.
  bool space_once = false;
  bool space_first = true;  // with space_once: whether the text gets one at all
};

// From the files of a model: tokenizer.json (Hugging Face), else tokenizer.model (SentencePiece, or
// tiktoken ranks as Llama 3 ships them), else the one *.tiktoken file. The files beside it, if any,
// say which tokens begin and end a text, and add tokens (files/tokens_beside.hpp); `hints` are what
// else steers the model: its added tokens that stand in `written` or in `ends` are guarded.
// Errors: kNotFound naming what was looked for, kInvalidInput "PATH: FIELD …".
std::unique_ptr<Tokenizer> load_tokenizer(const NamedFiles& files, TokenizerHints hints = {});

}  // namespace parley::text
