// A record comes from whoever asks for a verification: it is read whole or refused.
#include "base/error.hpp"
#include "engine/replay/replay_record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  try {
    const auto record =
        engine::parse_replay_record({reinterpret_cast<const char*>(data), size}, "fuzz");
    const std::string text = engine::write_replay_record(record);
    if (engine::write_replay_record(engine::parse_replay_record(text, "again")) != text)
      __builtin_trap();
  } catch (const Error&) {
  }
  return 0;
}
