// The last step of GrammarBuilder: the finished rules numbered and laid out as one Pushdown.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "constraint/grammar_builder.hpp"
#include "constraint/other_string.hpp"

namespace parley::engine {

class PushdownAssembly {
 public:
  // `builder` must outlive this.
  PushdownAssembly(const GrammarBuilder& builder, RuleId root);
  std::shared_ptr<const Pushdown> assemble();

 private:
  void number_rules();
  void lay_out_states();
  void lay_out_other(RuleId rule, const OtherString& other);
  void classify_bytes();
  void compute_needs();
  void compute_ranks();
  void compute_follows();
  void compute_fingerprints();
  std::string description(const std::vector<RuleId>& component, RuleId first) const;

  const GrammarBuilder& builder_;
  RuleId root_;
  std::vector<RuleId> order_;        // rules that are used, the root first
  std::vector<std::uint8_t> used_;   // by rule
  std::vector<StateId> first_;       // by rule: the state it starts in
  std::vector<std::uint32_t> slot_;  // by rule: its index in rules_ of the Pushdown
  std::map<RuleId, OtherString> others_;
  Graph calls_;       // by rule
  Graph left_calls_;  // by rule: those its start calls
  std::shared_ptr<Pushdown> out_;
};

}  // namespace parley::engine
