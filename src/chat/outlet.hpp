// Where all that a turn says goes through, as part events, on its way to whoever listens: the
// client, the store. Used by one thread at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "message/part_event.hpp"

namespace parley::chat {

// Checks what is said before anybody hears it. Without one nothing is delayed.
class Gate {
 public:
  virtual ~Gate() = default;
  // `text` is one or more whole sentences of a text or reasoning part (`part` has the words that
  // went before them), or the last words of it. What is given back is let go in their place:
  // the same, others, or nothing.
  virtual std::string pass(const message::Part& part, const std::string& text) = 0;
};

class Outlet {
 public:
  using Listener = std::function<void(const message::PartEvents&)>;

  // Hears everything that is let go from now on, in the order in which the listeners were added.
  void listen(Listener listener) { listeners_.push_back(std::move(listener)); }
  // REQUIRES: nothing has been said.
  void set_gate(std::shared_ptr<Gate> gate) { gate_ = std::move(gate); }

  // A part of the service's own, whole, which no gate reads. REQUIRES: before what say() is given.
  void put(message::Part part);
  // The events of one message, in its own indices.
  void say(const message::PartEvents& events);
  // Nothing follows: what the gate still held goes through it.
  void close();

  // All that was let go.
  const message::Parts& parts() const { return parts_; }

 private:
  // A part that was said, and where it is in parts_, if any of it was let go.
  struct Said {
    message::Part part;  // a gated one: with the words that were let go
    bool gated = false;
    std::string held;  // of a gated one: words that did not go through yet
    std::optional<std::size_t> index;
  };

  void take(const message::PartEvent& event);
  void pass_sentences(Said& said, bool complete);
  void let_go(message::PartEvent event);
  void tell();

  std::vector<Listener> listeners_;
  std::shared_ptr<Gate> gate_;
  std::vector<Said> said_;  // only with a gate
  std::size_t put_ = 0;     // parts that are before the message's first
  message::Parts parts_;
  message::PartEvents going_;
};

}  // namespace parley::chat
