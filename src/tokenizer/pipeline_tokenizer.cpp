#include "tokenizer/pipeline_tokenizer.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace parley::text {
namespace {

constexpr std::size_t kMaxText = 1u << 30;  // positions are int32, and a text may triple in size

}  // namespace

void guard_added_tokens(std::vector<AddedToken>& tokens, const TokenizerHints& hints) {
  for (AddedToken& token : tokens) {
    const std::string& spelling = token.content;
    const bool edge = spelling == hints.bos || spelling == hints.eos ||
                      std::ranges::find(hints.ends, token.id) != hints.ends.end();
    const bool written = hints.written.find(spelling) != std::string::npos;
    token.guarded |=
        token.special || spells_control(spelling) || ((edge || written) && !spells_words(spelling));
  }
}

void TokenizerParts::place_added() {
  for (const AddedToken& token : added) {
    const auto at = static_cast<std::size_t>(token.id);
    if (at >= pieces.size()) pieces.resize(at + 1);
  }
  bytes.resize(pieces.size());
  special.resize(pieces.size());
  for (const AddedToken& token : added) {
    if (pieces[token.id] != token.content) pieces[token.id] = bytes[token.id] = token.content;
    special[token.id] = token.special ? 1 : 0;
  }
}

PipelineTokenizer::PipelineTokenizer(TokenizerParts parts, const TokenizerHints& hints)
    : parts_(std::move(parts)), index_(parts_.pieces) {
  std::vector<AddedToken> raw, normalized;
  for (const AddedToken& token : parts_.added) {
    AddedToken wanted = token;
    if (wanted.normalized) {
      for (const NormalizerPtr& step : parts_.normalizers) step->apply(wanted.content);
    }
    if (!wanted.content.empty()) (wanted.normalized ? normalized : raw).push_back(wanted);
    by_name_.push_back(token.id);
  }
  raw_ = AddedTokenMatcher(std::move(raw));
  normalized_ = AddedTokenMatcher(std::move(normalized));
  for (TokenId id = 0; id < vocabulary_size(); ++id) {
    if (parts_.special[id]) by_name_.push_back(id);
  }
  const auto named = [&](const std::string& spelling) {
    const TokenId id = special(spelling);
    return id >= 0 ? id : find(spelling);
  };
  if (!hints.bos.empty()) parts_.bos = named(hints.bos);
  if (!hints.eos.empty()) parts_.eos = named(hints.eos);
  if (hints.add_bos >= 0) parts_.add_bos = hints.add_bos == 1 && parts_.bos >= 0;
  if (hints.add_eos >= 0) parts_.add_eos = hints.add_eos == 1 && parts_.eos >= 0;
}

void PipelineTokenizer::encode(std::string_view text, std::vector<TokenId>& out) const {
  encode_all(text, WrittenBytes::none(), out);
}

void PipelineTokenizer::encode_with_special(std::string_view text,
                                            std::vector<TokenId>& out) const {
  encode_all(text, WrittenBytes::all(), out);
}

void PipelineTokenizer::encode_written(std::string_view text, std::string_view written,
                                       std::vector<TokenId>& out) const {
  if (written.size() != text.size())
    fail(ErrorKind::kInternal, "a text to encode has not a mark for each byte");
  encode_all(text, WrittenBytes::marked(written), out);
}

void PipelineTokenizer::encode_all(std::string_view text, const WrittenBytes& written,
                                   std::vector<TokenId>& out) const {
  if (text.size() > kMaxText) {
    fail(ErrorKind::kLimit, "a text of " + std::to_string(text.size()) + " bytes is too long",
         "split it: at most 1 GiB can be tokenised at once");
  }
  if (parts_.before_text.empty() || text.empty()) return encode_parts(text, written, out);
  const std::size_t first = out.size();
  const std::string& before = parts_.before_text;
  std::string marks;
  if (!written.marks().empty()) marks.assign(before.size(), '\1').append(written.marks());
  encode_parts(before + std::string(text), marks.empty() ? written : WrittenBytes::marked(marks),
               out);
  if (out.size() > first + 1 && piece(out[first]) == before && is_special(out[first + 1]))
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(first));
}

// Text between the added tokens that are looked for as they are, and these.
void PipelineTokenizer::encode_parts(std::string_view text, const WrittenBytes& written,
                                     std::vector<TokenId>& out) const {
  if (raw_.empty()) return encode_plain(text, true, written, out);
  raw_.walk(
      text, written,
      [&](std::string_view plain) {
        const auto at = static_cast<std::size_t>(plain.data() - text.data());
        encode_plain(plain, at == 0, written.part(at, plain.size()), out);
      },
      [&](TokenId id) { out.push_back(id); });
}

void PipelineTokenizer::encode_plain(std::string_view text, bool at_start, WrittenBytes written,
                                     std::vector<TokenId>& out) const {
  std::string rewritten, marks;
  if (!parts_.normalizers.empty()) {
    rewritten = text;
    const bool marked = !normalized_.empty() && !written.marks().empty();
    if (marked) marks = written.marks();
    for (const NormalizerPtr& step : parts_.normalizers)
      step->apply(rewritten, marked ? &marks : nullptr);
    text = rewritten;
    if (marked) written = WrittenBytes::marked(marks);
  }
  if (text.empty()) return;  // no step may put a prefix before nothing
  if (normalized_.empty()) return split_from(0, text, at_start, out);
  normalized_.walk(
      text, written,
      [&](std::string_view plain) {
        split_from(0, plain, at_start && plain.data() == text.data(), out);
      },
      [&](TokenId id) { out.push_back(id); });
}

void PipelineTokenizer::split_from(std::size_t step, std::string_view text, bool at_start,
                                   std::vector<TokenId>& out) const {
  if (step == parts_.splitters.size()) return parts_.model->encode(text, out);
  const auto next = [&](std::string_view piece) {
    split_from(step + 1, piece, at_start && piece.data() == text.data(), out);
  };
  parts_.splitters[step]->split(text, at_start, next);
}

std::string_view PipelineTokenizer::token_bytes(TokenId id) const {
  if (!has(id) || parts_.special[id]) return {};
  return parts_.bytes[id];
}

std::size_t PipelineTokenizer::leading_space(TokenId id) const {
  const std::string_view bytes = token_bytes(id);
  if (parts_.leading_space == LeadingSpace::kKeep) return 0;
  if (parts_.leading_space == LeadingSpace::kOne) return bytes.starts_with(' ') ? 1 : 0;
  return std::min(bytes.find_first_not_of(' '), bytes.size());
}

std::string_view PipelineTokenizer::piece(TokenId id) const {
  return has(id) ? std::string_view(parts_.pieces[id]) : std::string_view();
}

TokenId PipelineTokenizer::special(std::string_view spelling) const {
  for (const TokenId id : by_name_) {
    if (parts_.pieces[id] == spelling) return id;
  }
  return -1;
}

std::string Tokenizer::decode(std::span<const TokenId> ids) const {
  std::string out;
  bool first = true;
  for (const TokenId id : ids) {
    std::string_view bytes = token_bytes(id);
    if (first && !is_special(id)) {
      bytes.remove_prefix(leading_space(id));
      first = false;
    }
    out += bytes;
  }
  return out;
}

}  // namespace parley::text
