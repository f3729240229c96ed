// All that the server answers to, surface by surface.
#include <algorithm>
#include <string>
#include <utility>

#include "base/id.hpp"
#include "server/app.hpp"
#include "server/openai/raw_api.hpp"

namespace parley::server {
namespace {

using Values = Router::Values;

Response plain(int status, std::string text) {
  return {
      status, "text/plain; charset=utf-8", {{"Cache-Control", "no-store"}}, std::move(text), {}};
}

// "/studio" → "/studio/": what the page names is relative to its own address.
void add_slash(Router& router, const Mount& mount) {
  const std::string path(mount.path.substr(0, mount.path.size() - 1));
  const std::string target = path.substr(path.rfind('/') + 1) + "/";
  const auto redirect = [target](const std::shared_ptr<Exchange>& exchange, const Values&) {
    const std::string& query = exchange->request.query;
    exchange->respond(
        {308, {}, {{"Location", target + (query.empty() ? "" : "?" + query)}}, {}, {}});
  };
  router.add({"GET", path, mount.surface, redirect, std::string(mount.path)});
}

}  // namespace

// Answered on the spot: these must work when all else is busy.
void App::add_operator_routes() {
  router_.add({"GET", "/healthz", Surface::kProbe, [](const ExchangePtr& exchange, const Values&) {
                 exchange->respond(plain(200, "ok\n"));
               }});
  router_.add(
      {"GET", "/readyz", Surface::kProbe, [this](const ExchangePtr& exchange, const Values&) {
         exchange->respond(shutting_down_ ? plain(503, "shutting down\n") : plain(200, "ok\n"));
       }});
  router_.add(
      {"GET", "/metrics", Surface::kMetrics, [this](const ExchangePtr& exchange, const Values&) {
         Response response = plain(200, metrics_.text());
         response.content_type = "text/plain; version=0.0.4; charset=utf-8";
         exchange->respond(std::move(response));
       }});
}

std::span<const Mount> web_mounts() {
  static constexpr Mount kMounts[] = {
      {"chat", "/", Surface::kPage, true},
  };
  return kMounts;
}

void App::add_page_routes() {
  for (const StaticPages& pages : pages_) {
    const Mount& mount = pages.mount();
    for (const std::string& path : pages.paths()) {
      const bool entry = pages.is_entry(path);
      const bool greets = entry && mount.for_participants;
      const auto get = [&pages, path, greets](const ExchangePtr& exchange, const Values&) {
        Response page = pages.get(path, exchange->request);
        if (greets) {  // the page's first requests go out together: all must carry the same cookie
          std::string secret = participant_secret(exchange->request);
          if (secret.empty()) secret = random_hex(32);
          page.headers.emplace_back("Set-Cookie", participant_cookie(secret));
        }
        exchange->respond(std::move(page));
      };
      router_.add({"GET", path, mount.surface, get, entry ? std::string(mount.path) : "page"});
    }
    if (mount.path != "/" && pages.is_entry(mount.path)) add_slash(router_, mount);
  }
  if (has_page()) return;
  router_.add({"GET", "/", Surface::kPage, [](const ExchangePtr& exchange, const Values&) {
                 exchange->respond(plain(200,
                                         "Parley is serving. This build has no chat page; the API "
                                         "is under /v1 (docs/api.md).\n"));
               }});
}

bool App::has_page() const {
  return std::ranges::any_of(pages_, [](const StaticPages& each) { return each.is_entry("/"); });
}

void App::add_page_api_routes() {
  const auto add = [this](const char* method, const char* pattern, auto action) {
    router_.add({method, pattern, Surface::kPageApi,
                 [this, action](const ExchangePtr& exchange, const Values& values) {
                   work_.post(exchange, [this, action, exchange, values] {
                     if constexpr (std::is_invocable_v<decltype(action), PageApi&, ExchangePtr>) {
                       (page_api_.*action)(exchange);
                     } else {
                       (page_api_.*action)(exchange, values[0]);
                     }
                   });
                 }});
  };
  add("GET", "/api/config", &PageApi::config);
  add("GET", "/api/threads", &PageApi::list_threads);
  add("POST", "/api/threads", &PageApi::create_thread);
  add("GET", "/api/threads/{id}", &PageApi::get_thread);
  add("PATCH", "/api/threads/{id}", &PageApi::change_thread);
  add("DELETE", "/api/threads/{id}", &PageApi::delete_thread);
  add("POST", "/api/threads/{id}/turns", &PageApi::take_turn);
  add("POST", "/api/threads/{id}/stop", &PageApi::stop_turn);
  add("PUT", "/api/messages/{id}/feedback", &PageApi::set_feedback);
}

void App::add_openai_routes() {
  router_.add(
      {"GET", "/v1/models", Surface::kOpenAi,
       [this](const ExchangePtr& exchange, const Values&) { completions_.models(exchange); }});
  router_.add({"GET", "/v1/models/{id}", Surface::kOpenAi,
               [this](const ExchangePtr& exchange, const Values& values) {
                 completions_.one_model(exchange, values[0]);
               }});
  const auto add = [this](const char* pattern, WithModel work) {
    router_.add({"POST", pattern, Surface::kOpenAi,
                 [this, work = std::move(work)](const ExchangePtr& exchange, const Values&) {
                   with_model(exchange, work);
                 }});
  };
  add("/v1/chat/completions",
      [this](const ExchangePtr& exchange, const Json& body, chat::ModelLease model) {
        completions_.create(exchange, body, std::move(model));
      });
  add("/v1/completions", complete_text);
  add("/v1/embeddings", embed_texts);
  add("/tokenize", tokenize_text);
  add("/detokenize", detokenize_ids);
}

}  // namespace parley::server
