#include "chat/outlet.hpp"

#include <utility>

#include "text/sentences.hpp"

namespace parley::chat {

using message::Part;
using message::PartBegins;
using message::PartEvent;
using message::PartEvents;
using message::PartGrows;
using message::PartWithdrawn;

namespace {

// The words of a part that a gate reads; null where it has none.
std::string* words_of(Part& part) {
  if (auto* text = std::get_if<message::TextPart>(&part)) return &text->text;
  if (auto* reasoning = std::get_if<message::ReasoningPart>(&part)) return &reasoning->text;
  return nullptr;
}

}  // namespace

void Outlet::put(Part part) {
  let_go(PartBegins{put_++, std::move(part)});
  tell();
}

void Outlet::say(const PartEvents& events) {
  for (PartEvent event : events) {
    if (gate_) {
      take(event);
    } else {
      std::visit([&](auto& each) { each.index += put_; }, event);
      let_go(std::move(event));
    }
  }
  tell();
}

void Outlet::tell() {
  if (going_.empty()) return;
  const PartEvents going = std::exchange(going_, {});
  for (const Listener& listener : listeners_) listener(going);
}

void Outlet::close() {
  if (!said_.empty()) pass_sentences(said_.back(), true);
  say({});
}

void Outlet::let_go(PartEvent event) {
  message::apply_event(event, parts_);
  going_.push_back(std::move(event));
}

void Outlet::take(const PartEvent& event) {
  if (const auto* begun = std::get_if<PartBegins>(&event)) {
    if (!said_.empty()) pass_sentences(said_.back(), true);
    Said& said = said_.emplace_back(Said{begun->part, false, {}, {}});
    if (std::string* words = words_of(said.part)) {
      said.gated = true;
      said.held = std::exchange(*words, {});
      pass_sentences(said, false);
    } else {
      said.index = parts_.size();
      let_go(PartBegins{parts_.size(), begun->part});
    }
  } else if (const auto* more = std::get_if<PartGrows>(&event)) {
    Said& said = said_.at(more->index);
    if (said.gated) {
      said.held += more->text;
      pass_sentences(said, false);
    } else {
      let_go(PartGrows{*said.index, more->text});
    }
  } else {
    let_go(PartWithdrawn{*said_.back().index});
    said_.pop_back();
  }
}

void Outlet::pass_sentences(Said& said, bool complete) {
  const std::size_t size = complete ? said.held.size() : text::whole_sentences(said.held);
  if (size == 0) return;
  const std::string passed = gate_->pass(said.part, said.held.substr(0, size));
  said.held.erase(0, size);
  if (passed.empty()) return;
  *words_of(said.part) += passed;
  if (said.index) {
    let_go(PartGrows{*said.index, passed});
  } else {
    said.index = parts_.size();
    let_go(PartBegins{parts_.size(), said.part});
  }
}

}  // namespace parley::chat
