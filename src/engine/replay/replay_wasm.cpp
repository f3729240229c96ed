// The verifier as a WebAssembly module (docs/verify.md): a page, or Node, puts a packed model and a
// record into its memory and computes the reply again, some tokens at a time. One replay at a time;
// an error prints its two lines on the standard error that the host provides, and traps.
#if defined(__wasm__)

#include <cstdlib>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "engine/replay/replay.hpp"
#include "nn/files/packed_file.hpp"

#define PARLEY_EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace {

using namespace parley;

struct Session {
  std::unique_ptr<nn::PackedFile> packed;
  std::unique_ptr<nn::Model> model;
  std::unique_ptr<ThreadTeam> team;
  std::unique_ptr<engine::Replay> replay;
  std::string text;  // what the last function that gives text gave
};

Session& session() {
  static Session one;
  return one;
}

const char* give(std::string text) {
  session().text = std::move(text);
  return session().text.c_str();
}

}  // namespace

// Memory for a file, aligned as a mapped one; null when there is not enough.
PARLEY_EXPORT(parley_allocate) void* parley_allocate(std::size_t bytes) {
  return std::aligned_alloc(64, (bytes + 63) / 64 * 64);
}

PARLEY_EXPORT(parley_free) void parley_free(void* memory) {
  std::free(memory);
}

// Opens a packed model, which stays where it is and is the module's from here on. With
// `check_content` every section is held against its SHA-256. The text is the model's address.
PARLEY_EXPORT(parley_open)
const char* parley_open(const std::byte* model, std::size_t bytes, int check_content) {
  session() = {};
  session().packed = std::make_unique<nn::PackedFile>(std::span<const std::byte>(model, bytes),
                                                      nullptr, "the model");
  if (check_content) session().packed->verify(1);
  return give(session().packed->address());
}

// Starts the replay of a record. `scalar`: by the specification instead of SIMD. Returns how many
// tokens there are to check.
PARLEY_EXPORT(parley_start)
int parley_start(const char* record, std::size_t bytes, int chunk, int scalar) {
  Session& s = session();
  if (!s.packed) fail(ErrorKind::kUsage, "no model is open", "call parley_open first");
  const auto parsed = engine::parse_replay_record({record, bytes}, "the record");
  if (parsed.model != s.packed->address()) {
    fail(ErrorKind::kInvalidInput,
         "the record was made with the model " + parsed.model + ", this is " + s.packed->address(),
         "open the model that the reply was made with");
  }
  s.replay.reset();
  s.model = s.packed->model(parsed.context);
  s.team = std::make_unique<ThreadTeam>(1);
  const int total = static_cast<int>(parsed.tokens.size());
  s.replay = std::make_unique<engine::Replay>(*s.model, nn::select_kernels(scalar ? "scalar" : ""),
                                              *s.team, parsed, total, chunk);
  return total;
}

// One chunk more: 1 while there is more to do, 0 at the end.
PARLEY_EXPORT(parley_step) int parley_step() {
  return session().replay && session().replay->step() ? 1 : 0;
}

// How many tokens came out as recorded so far, and which.
PARLEY_EXPORT(parley_token_count) int parley_token_count() {
  return session().replay ? static_cast<int>(session().replay->tokens().size()) : 0;
}
PARLEY_EXPORT(parley_token) int parley_token(int index) {
  return session().replay->tokens().at(static_cast<std::size_t>(index));
}

// The chain's hash so far, in hex; empty before the first token.
PARLEY_EXPORT(parley_hash) const char* parley_hash() {
  const auto* replay = session().replay.get();
  return give(replay && !replay->chain().empty() ? to_hex(replay->chain().back()) : "");
}

// What differs from the record; empty while all agrees.
PARLEY_EXPORT(parley_difference) const char* parley_difference() {
  return give(session().replay ? session().replay->difference() : "");
}

#endif
