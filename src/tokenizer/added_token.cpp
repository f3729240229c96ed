#include "tokenizer/added_token.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/error.hpp"
#include "text/char_class.hpp"
#include "tokenizer/added_tokens.hpp"
#include "tokenizer/byte_alphabet.hpp"
#include "tokenizer/files/json_vocabulary.hpp"
#include "tokenizer/vocabulary_index.hpp"

namespace parley::text {
namespace {

// A vocabulary while tokens are put into it.
class GrowingVocabulary {
 public:
  GrowingVocabulary(const std::vector<std::string>& pieces, std::vector<AddedToken>& added,
                    std::size_t more, TakenIds taken)
      : pieces_(pieces),
        index_(pieces),
        taken_(taken),
        added_(added),
        next_(pieces.size()),
        most_(std::min(most_ids_for(pieces.size() + added.size() + more),
                       static_cast<std::size_t>(kMaxVocabulary))) {
    for (std::size_t i = 0; i < added.size(); ++i) {
      places_.emplace(added[i].content, i);
      by_id_.emplace(added[i].id, i);
      next_ = std::max(next_, static_cast<std::size_t>(added[i].id) + 1);
    }
  }

  void take(const TokenBeside& beside) {
    const auto known = places_.find(beside.token.content);
    if (beside.token.id >= 0) {
      place(beside, known == places_.end() ? nullptr : &added_[known->second]);
    } else if (known == places_.end()) {
      name(beside);
    } else if (!is_text(beside.token.content)) {
      added_[known->second].special |= beside.token.special;
    }
  }

  // Those that have no id yet get the next ones. Optional tokens only count where others stand
  // behind them.
  void finish() {
    while (!behind_.empty() && behind_.back().optional) behind_.pop_back();
    for (TokenBeside& each : behind_) {
      each.token.id = static_cast<TokenId>(next_);
      check_range(each);
      add(each.token);
    }
  }

 private:
  void check_range(const TokenBeside& beside) const {
    if (static_cast<std::size_t>(beside.token.id) < most_) return;
    fail(ErrorKind::kInvalidInput,
         beside.field + " has the id " + std::to_string(beside.token.id) +
             ", too far behind the others",
         "expected 0 to " + std::to_string(most_ - 1));
  }

  // Whether a spelling can steer nothing.
  static bool is_text(const std::string& spelling) {
    return static_cast<std::size_t>(decode_utf8(spelling, 0).length) == spelling.size() ||
           spells_words(spelling);
  }

  [[noreturn]] static void contradict(const TokenBeside& beside, const std::string& other) {
    fail(ErrorKind::kInvalidInput,
         beside.field + " has the id " + std::to_string(beside.token.id) + ", and elsewhere " +
             other,
         "the files belong to different tokenizers: fetch them again, from one place");
  }

  void place(const TokenBeside& beside, AddedToken* known) {
    const AddedToken& token = beside.token;
    check_range(beside);
    if (known) {
      if (known->id != token.id)
        contradict(beside, "the same token has the id " + std::to_string(known->id));
      const bool special = known->special;
      *known = token;
      known->special |= special;
      return;
    }
    const auto at = static_cast<std::size_t>(token.id);
    const auto holder = by_id_.find(token.id);
    const bool is_held = holder != by_id_.end();
    const std::string& piece = at < pieces_.size() ? pieces_[at] : std::string();
    const std::string& held = is_held ? added_[holder->second].content : piece;
    if (held.empty() || held == token.content) return add(token);
    const bool twice = is_held && named_.contains(token.id);
    if (taken_ == TakenIds::kRefused || twice || byte_of_token(piece) >= 0)
      contradict(beside, "that id is \"" + held + '"');
    if (!is_held) return add(token);
    places_.erase(held);
    places_.emplace(token.content, holder->second);
    added_[holder->second] = token;
    named_.insert(token.id);
  }

  void name(const TokenBeside& beside) {
    const std::string& spelling = beside.token.content;
    if (const TokenId id = index_.find(spelling); id >= 0) {
      if (is_text(spelling)) return;
      AddedToken token = beside.token;
      token.id = id;
      return add(token);
    }
    const auto [at, is_new] = waiting_.emplace(spelling, behind_.size());
    if (is_new) {
      behind_.push_back(beside);
    } else {
      behind_[at->second].optional &= beside.optional;
    }
  }

  void add(const AddedToken& token) {
    places_.emplace(token.content, added_.size());
    by_id_.emplace(token.id, added_.size());
    named_.insert(token.id);
    added_.push_back(token);
    next_ = std::max(next_, static_cast<std::size_t>(token.id) + 1);
  }

  const std::vector<std::string>& pieces_;
  VocabularyIndex index_;
  TakenIds taken_;
  std::vector<AddedToken>& added_;
  std::unordered_map<std::string, std::size_t> places_;  // in added_, by spelling
  std::unordered_map<TokenId, std::size_t> by_id_;       // in added_
  std::unordered_set<TokenId> named_;                    // by files beside the vocabulary
  std::size_t next_;                                     // the id behind all
  std::size_t most_;
  std::vector<TokenBeside> behind_;                       // new ones without an id
  std::unordered_map<std::string, std::size_t> waiting_;  // in behind_, by spelling
};

}  // namespace

void add_tokens_beside(const std::vector<TokenBeside>& beside,
                       const std::vector<std::string>& pieces, TakenIds taken,
                       std::vector<AddedToken>& added) {
  if (beside.empty()) return;
  GrowingVocabulary vocabulary(pieces, added, beside.size(), taken);
  for (const TokenBeside& each : beside) vocabulary.take(each);
  vocabulary.finish();
}

}  // namespace parley::text
