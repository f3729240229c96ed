// What a route is for decides how its requests are treated: who may ask, what an error looks like,
// how much may be sent. The table behind rules_of() is the one place that says so; guard, router,
// errors and the HTTP server ask it, and none of them looks at paths.
#pragma once

#include <cstddef>

namespace parley::server {

enum class Surface {
  kProbe,    // is it alive: asked by whatever watches over the process, at any time
  kMetrics,  // for operators
  kPage,     // the embedded pages: anybody may follow a link to them
  kPageApi,  // what those pages ask for
  kOpenAi,   // for programs, and for pages of the origins that were allowed
};

// Whether a browser may be made to ask by the page of another site.
enum class OtherSites { kAnswered, kAllowedOrigins, kRefused };

enum class ErrorShape { kProblem, kOpenAi };

struct SurfaceRules {
  bool any_host;  // answered whatever name the request was sent to
  OtherSites other_sites;
  ErrorShape errors;
  std::size_t max_body_bytes;  // never more than HttpOptions has
  bool during_shutdown;        // still answered then
  bool routine;                // asked all day long: not worth a line of the log each
};

const SurfaceRules& rules_of(Surface surface);

}  // namespace parley::server
