#include "engine/settings.hpp"

namespace parley::engine {

void describe(Fields& at, Options& options) {
  at.integer("threads", "compute threads; 0 = all usable processors", 0, 1024,
             into(options.threads));
  at.integer("max_concurrent", "replies written at the same time", 1, 4096,
             into(options.max_concurrent));
  at.integer("max_queue", "requests that may wait for a place; more get status 429", 0, 1'000'000,
             into(options.max_queue));
}

}  // namespace parley::engine
