#include "tokenizer/files/tiktoken.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <unordered_set>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "tokenizer/bpe_pieces.hpp"
#include "tokenizer/byte_alphabet.hpp"
#include "tokenizer/files/json_vocabulary.hpp"

namespace parley::text {
namespace {

struct NamedSplit {
  std::string_view name;
  TiktokenSplit split;
};
constexpr NamedSplit kNames[] = {
    {"gpt2", TiktokenSplit::kGpt2},        {"r50k_base", TiktokenSplit::kGpt2},
    {"p50k_base", TiktokenSplit::kGpt2},   {"cl100k_base", TiktokenSplit::kCl100k},
    {"o200k_base", TiktokenSplit::kO200k}, {"llama3", TiktokenSplit::kLlama3},
    {"qwen", TiktokenSplit::kQwen},
};
constexpr const char* kNamesHint =
    "supported: gpt2, r50k_base, p50k_base, cl100k_base, o200k_base, llama3, qwen";

WordSplit words_of(TiktokenSplit split) {
  switch (split) {
    case TiktokenSplit::kGpt2:
      return WordSplit::kGpt2;
    case TiktokenSplit::kO200k:
      return WordSplit::kO200k;
    case TiktokenSplit::kQwen:
      return WordSplit::kDigits1;
    case TiktokenSplit::kCl100k:
    case TiktokenSplit::kLlama3:
      break;
  }
  return WordSplit::kDigits3;
}

struct Special {
  std::string spelling;
  TokenId id;
};

// `size`: the number of ranks, behind which the special tokens of most encodings begin.
std::vector<Special> special_tokens(TiktokenSplit split, TokenId size) {
  switch (split) {
    case TiktokenSplit::kGpt2:
      return {{"<|endoftext|>", size}};
    case TiktokenSplit::kCl100k:
      return {{"<|endoftext|>", 100257},
              {"<|fim_prefix|>", 100258},
              {"<|fim_middle|>", 100259},
              {"<|fim_suffix|>", 100260},
              {"<|endofprompt|>", 100276}};
    case TiktokenSplit::kO200k:
      return {{"<|endoftext|>", 199999}, {"<|endofprompt|>", 200018}};
    case TiktokenSplit::kQwen: {
      std::vector<Special> out = {
          {"<|endoftext|>", size}, {"<|im_start|>", size + 1}, {"<|im_end|>", size + 2}};
      for (int i = 0; i < 205; ++i)
        out.push_back({"<|extra_" + std::to_string(i) + "|>", size + 3 + i});
      return out;
    }
    case TiktokenSplit::kLlama3:
      break;
  }
  std::vector<Special> out = {{"<|begin_of_text|>", size},
                              {"<|end_of_text|>", size + 1},
                              {"<|start_header_id|>", size + 6},
                              {"<|end_header_id|>", size + 7},
                              {"<|eot_id|>", size + 9}};
  constexpr int kTaken[] = {0, 1, 6, 7, 9};
  for (int i = 0, reserved = 0; i < 256; ++i) {
    if (std::find(std::begin(kTaken), std::end(kTaken), i) != std::end(kTaken)) continue;
    out.push_back({"<|reserved_special_token_" + std::to_string(reserved++) + "|>", size + i});
  }
  return out;
}

// The encoding's own special tokens, but for those that a file beside the ranks says otherwise of.
std::vector<AddedToken> added_tokens(const std::vector<Special>& own, TokenId size,
                                     const std::vector<TokenBeside>& beside) {
  std::unordered_set<std::string> spellings;
  std::unordered_set<TokenId> ids;
  for (const TokenBeside& each : beside) {
    if (each.token.id < 0) continue;
    spellings.insert(each.token.content);
    ids.insert(each.token.id);
  }
  std::vector<AddedToken> out;
  for (const Special& special : own) {
    if (special.id < size) continue;  // not the encoding's own ranks
    if (spellings.contains(special.spelling) || ids.contains(special.id)) continue;
    AddedToken token;
    token.id = special.id;
    token.content = special.spelling;
    token.special = true;
    out.push_back(std::move(token));
  }
  return out;
}

// The tokens' bytes by rank.
std::vector<std::string> read_ranks(std::string_view text, const std::string& where) {
  std::vector<std::string> out;
  std::size_t number = 0, count = 0;
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  const std::size_t most = std::min(most_ids_for(lines), static_cast<std::size_t>(kMaxVocabulary));
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const auto bad = [&](const std::string& what) {
      fail(ErrorKind::kInvalidInput, where + ":" + std::to_string(number) + ": " + what,
           "expected a token in base64, a space, and its rank");
    };
    const auto space = line.find(' ');
    const auto token = decode_base64(line.substr(0, space));
    if (space == std::string_view::npos || !token || token->empty() || token->size() > kMaxPiece)
      bad("no token in base64");
    const std::string_view digits = line.substr(space + 1);
    std::uint32_t rank = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), rank);
    if (error != std::errc() || end != digits.data() + digits.size() || rank >= most)
      bad("no rank below " + std::to_string(most));
    if (rank >= out.size()) out.resize(rank + 1);
    if (!out[rank].empty()) bad("rank " + std::to_string(rank) + " for a second time");
    out[rank] = *token;
    ++count;
  }
  if (count == 0) {
    fail(ErrorKind::kInvalidInput, where + ": holds no tokens",
         "expected lines of a token in base64 and its rank");
  }
  return out;
}

}  // namespace

TiktokenSplit tiktoken_split(std::string_view name, std::string_view where) {
  for (const NamedSplit& known : kNames) {
    if (known.name == name) return known.split;
  }
  fail(ErrorKind::kInvalidInput,
       std::string(where) + ": unknown split \"" + std::string(name) + '"', kNamesHint);
}

TiktokenSplit tiktoken_split_of(const NamedFiles& files, const std::string& name) {
  const std::string sidecar = name + ".json";
  if (files.has(sidecar)) {
    const Json split = files.read_object(sidecar).value("split", Json());
    return tiktoken_split(split.is_string() ? split.get<std::string>() : to_text(split),
                          files.path_of(sidecar) + ": split");
  }
  for (const NamedSplit& known : kNames) {
    if (std::string_view(name).starts_with(known.name)) return known.split;
  }
  fail(ErrorKind::kInvalidInput, files.path_of(name) + ": its name does not say how text is split",
       "put {\"split\": \"NAME\"} into " + files.path_of(sidecar) + "; " + kNamesHint);
}

std::unique_ptr<Tokenizer> tokenizer_from_ranks(std::string_view text, std::string_view where,
                                                TiktokenSplit split, const TokenizerHints& hints) {
  TokenizerParts parts;
  parts.bytes = read_ranks(text, std::string(where));
  const auto size = static_cast<TokenId>(parts.bytes.size());
  for (const std::string& bytes : parts.bytes) parts.pieces.push_back(bytes_to_stand_ins(bytes));
  const std::vector<Special> own = special_tokens(split, size);
  parts.added = added_tokens(own, size, hints.beside);
  add_tokens_beside(hints.beside, parts.pieces, TakenIds::kRefused, parts.added);
  guard_added_tokens(parts.added, hints);
  std::vector<std::uint8_t> guarded(parts.bytes.size());
  for (const AddedToken& token : parts.added) {
    if (token.id < size) guarded[token.id] |= token.guarded ? 1 : 0;
  }

  // tiktoken merges whatever two neighbours make a token, the lowest rank first.
  BpeRules rules;
  const VocabularyIndex index(parts.bytes);
  std::vector<std::pair<std::string, std::int32_t>> words;
  for (TokenId id = 0; id < size; ++id) {
    const std::string_view token = parts.bytes[id];
    if (token.empty() || guarded[id]) continue;
    words.emplace_back(token, id);
    if (token.size() == 1) rules.bytes[static_cast<unsigned char>(token[0])] = id;
    for (std::size_t cut = 1; cut < token.size(); ++cut) {
      const TokenId left = index.find(token.substr(0, cut));
      if (left < 0) continue;
      const TokenId right = index.find(token.substr(cut));
      if (right >= 0) rules.merges.add(left, right, static_cast<std::uint32_t>(id), id);
    }
  }
  rules.whole_words = PieceTrie(words);
  for (int byte = 0; byte < 256; ++byte) {
    if (rules.bytes[byte] < 0) {
      fail(ErrorKind::kInvalidInput,
           std::string(where) + ": no token for byte " + std::to_string(byte),
           "the ranks must hold all 256 bytes");
    }
  }
  parts.model = std::make_unique<BpePieces>(std::move(rules));
  parts.splitters.push_back(split_words(words_of(split), SplitBehavior::kIsolated, false));
  parts.place_added();
  if (split == TiktokenSplit::kLlama3) {
    parts.bos = size;
    parts.eos = size + 1;
    parts.add_bos = true;
  } else if (own.front().id >= size) {
    parts.eos = own.front().id;
  }
  return std::make_unique<PipelineTokenizer>(std::move(parts), hints);
}

}  // namespace parley::text
