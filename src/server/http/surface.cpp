#include "server/http/surface.hpp"

namespace parley::server {
namespace {

constexpr std::size_t kNoBody = 16 * 1024;  // whoever sends one all the same is told what is wrong
constexpr std::size_t kPageBody =
    256 * 1024;  // a message has 32 KiB, each byte six in JSON at worst
constexpr std::size_t kAnyBody = ~std::size_t{0};

// any_host, other_sites, errors, max_body_bytes, during_shutdown, routine
constexpr SurfaceRules kProbe = {true, OtherSites::kAnswered, ErrorShape::kProblem, kNoBody, true,
                                 true};
constexpr SurfaceRules kMetrics = {false, OtherSites::kRefused, ErrorShape::kProblem, kNoBody, true,
                                   true};
constexpr SurfaceRules kPage = {false, OtherSites::kAnswered, ErrorShape::kProblem, kNoBody, false,
                                false};
constexpr SurfaceRules kPageApi = {
    false, OtherSites::kRefused, ErrorShape::kProblem, kPageBody, false, false};
constexpr SurfaceRules kOpenAi = {
    false, OtherSites::kAllowedOrigins, ErrorShape::kOpenAi, kAnyBody, false, false};

}  // namespace

const SurfaceRules& rules_of(Surface surface) {
  switch (surface) {
    case Surface::kProbe:
      return kProbe;
    case Surface::kMetrics:
      return kMetrics;
    case Surface::kPage:
      return kPage;
    case Surface::kPageApi:
      return kPageApi;
    case Surface::kOpenAi:
      return kOpenAi;
  }
  return kPage;
}

}  // namespace parley::server
