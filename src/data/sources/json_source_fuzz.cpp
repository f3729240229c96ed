#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "data/sources/json_source.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley::data;
  const int fd = ::memfd_create("input", 0);
  if (::write(fd, data, size) != static_cast<ssize_t>(size)) __builtin_trap();
  for (const bool by_lines : {true, false}) {
    try {
      InputFile file("/proc/self/fd/" + std::to_string(fd), "f");
      read_json_source(file, JsonShape::kAny, by_lines, [&](Chunk&& chunk) {
        std::size_t end = 0;
        for (const auto& piece : chunk.pieces) {
          if (piece.offset < end || piece.offset + piece.length > chunk.used) __builtin_trap();
          end = piece.offset + piece.length;
        }
        return true;
      });
    } catch (const parley::Error&) {
    }
  }
  ::close(fd);
  return 0;
}
