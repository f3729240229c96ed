#include "server/app.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include "base/id.hpp"
#include "base/log.hpp"
#include "server/http/problem.hpp"
#include "server/openai/raw_api.hpp"

namespace parley::server {
namespace {

constexpr int kRestartSeconds = 5;  // how long a client should wait for the next server

// "/api/threads/thr_1/turns" → {"api", "threads", "thr_1", "turns"}
std::vector<std::string> segments_of(const std::string& path) {
  std::vector<std::string> segments;
  std::size_t start = 1;
  while (start <= path.size()) {
    const auto end = std::min(path.find('/', start), path.size());
    segments.push_back(path.substr(start, end - start));
    start = end + 1;
  }
  return segments;
}

Response plain(int status, std::string text) {
  return {
      status, "text/plain; charset=utf-8", {{"Cache-Control", "no-store"}}, std::move(text), {}};
}

void log_access(const Served& served) {
  const bool probe =
      served.route == "/healthz" || served.route == "/readyz" || served.route == "/metrics";
  log::event(probe ? log::Level::kDebug : log::Level::kInfo, "request",
             {{"id", served.id},
              {"method", served.method},
              {"route", served.route},
              {"status", served.status},
              {"ms", std::round(served.seconds * 1e4) / 10},
              {"bytes", served.bytes},
              {"complete", served.complete}});
}

Response method_not_allowed(const Request& request, const std::string& allowed) {
  Response response =
      error_response_for(request, 405, request.method + " is not possible here; use " + allowed);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

}  // namespace

App::App(chat::Assistant& assistant, std::span<const web::EmbeddedFile> pages,
         const AppOptions& options)
    : assistant_(assistant),
      pool_(options.pool),
      guard_({options.http.host, options.cors_origins}),
      pages_(pages),
      metrics_(assistant.model(), options.version),
      completions_(assistant, metrics_, options.pool),
      page_api_(assistant, metrics_, options.version) {
  http_ = std::make_unique<HttpServer>(
      options.http, [this](const ExchangePtr& exchange) { handle(exchange); },
      [](const Request& request, int status, const std::string& detail) {
        return error_response_for(request, status, detail);
      },
      [this](const Served& served) {
        metrics_.request(served);
        log_access(served);
      });
}

App::~App() {
  shutting_down_ = true;
  http_->stop_accepting();
  http_.reset();  // no handler is called any more; what was being answered is cut
  if (pool_) pool_->stop();
  {
    std::unique_lock lock(pending_mutex_);
    nothing_pending_.wait(lock, [this] { return pending_ == 0; });
  }
  assistant_.stop_all(chat::StopCause::kShutdown);
  assistant_.wait_until_idle();  // the listeners of turns use the metrics
}

void App::begin_shutdown() {
  shutting_down_ = true;
  http_->stop_accepting();
}

void App::handle(const ExchangePtr& exchange) {
  const Request& request = exchange->request;
  exchange->common_headers = {{"X-Content-Type-Options", "nosniff"},
                              {"Referrer-Policy", "no-referrer"}};
  for (auto& header : guard_.cors_headers(request))
    exchange->common_headers.push_back(std::move(header));
  if (handle_probe(exchange)) return;
  if (auto refusal = guard_.refuse(request)) {
    exchange->route = "forbidden";
    return exchange->respond(std::move(*refusal));
  }
  if (auto preflight = guard_.preflight(request)) {
    exchange->route = "preflight";
    return exchange->respond(std::move(*preflight));
  }
  if (shutting_down_) {
    Response response =
        error_response_for(request, 503, "the server is shutting down", "try again in a moment");
    add_retry_after(response, kRestartSeconds);
    return exchange->respond(std::move(response));
  }
  bool handled = false;
  if (request.path.starts_with("/v1/") || request.path == "/tokenize" ||
      request.path == "/detokenize") {
    handled = route_openai(exchange);
  } else if (request.path.starts_with("/api/")) {
    handled = route_page_api(exchange);
  } else {
    handled = route_page(exchange);
  }
  if (!handled)
    exchange->respond(error_response_for(request, 404, "there is nothing at this address"));
}

// Answered on the spot, whoever asks: these must work when all else is busy.
bool App::handle_probe(const ExchangePtr& exchange) {
  const std::string& path = exchange->request.path;
  if (path != "/healthz" && path != "/readyz" && path != "/metrics") return false;
  exchange->route = path;
  if (exchange->request.method != "GET" && exchange->request.method != "HEAD") {
    exchange->respond(method_not_allowed(exchange->request, "GET, HEAD"));
  } else if (path == "/metrics") {
    exchange->respond({200,
                       "text/plain; version=0.0.4; charset=utf-8",
                       {{"Cache-Control", "no-store"}},
                       metrics_.text(),
                       {}});
  } else if (path == "/readyz" && shutting_down_) {
    exchange->respond(plain(503, "shutting down\n"));
  } else {
    exchange->respond(plain(200, "ok\n"));
  }
  return true;
}

bool App::route_page(const ExchangePtr& exchange) {
  const Request& request = exchange->request;
  auto page = pages_.find(request);
  if (!page && request.path == "/" && pages_.empty()) {
    page = plain(
        200,
        "Parley is serving. This build has no chat page; the API is under /v1 (docs/api.md).\n");
  }
  if (!page) return false;
  exchange->route = request.path == "/" || request.path == "/index.html" ? "/" : "page";
  if (request.method != "GET" && request.method != "HEAD") {
    exchange->respond(method_not_allowed(request, "GET, HEAD"));
    return true;
  }
  if (exchange->route ==
      "/") {  // the page's first requests go out together: all must carry the same cookie
    std::string secret = participant_secret(request);
    if (secret.empty()) secret = random_hex(32);
    page->headers.emplace_back("Set-Cookie", participant_cookie(secret));
  }
  exchange->respond(std::move(*page));
  return true;
}

bool App::route_openai(const ExchangePtr& exchange) {
  const Request& request = exchange->request;
  const auto segments = segments_of(request.path);
  if (request.path == "/v1/chat/completions") {
    exchange->route = request.path;
    if (request.method != "POST") {
      exchange->respond(method_not_allowed(request, "POST"));
    } else {
      with_model(exchange,
                 [this](const ExchangePtr& each, const Json& body, chat::ModelLease model) {
                   completions_.create(each, body, std::move(model));
                 });
    }
    return true;
  }
  using Raw = void (*)(const ExchangePtr&, const Json&, chat::ModelLease);
  for (const auto& [path, raw] : {std::pair<const char*, Raw>{"/v1/completions", complete_text},
                                  {"/v1/embeddings", embed_texts},
                                  {"/tokenize", tokenize_text},
                                  {"/detokenize", detokenize_ids}}) {
    if (request.path != path) continue;
    exchange->route = path;
    if (request.method != "POST") {
      exchange->respond(method_not_allowed(request, "POST"));
    } else {
      with_model(exchange, raw);
    }
    return true;
  }
  if (segments.size() < 2 || segments[1] != "models" || segments.size() > 3) return false;
  exchange->route = segments.size() == 2 ? "/v1/models" : "/v1/models/{id}";
  if (request.method != "GET" && request.method != "HEAD") {
    exchange->respond(method_not_allowed(request, "GET, HEAD"));
  } else if (segments.size() == 2) {
    completions_.models(exchange);
  } else {
    completions_.one_model(exchange, segments[2]);
  }
  return true;
}

bool App::route_page_api(const ExchangePtr& exchange) {
  using Action = void (PageApi::*)(const ExchangePtr&);
  using ActionOnOne = void (PageApi::*)(const ExchangePtr&, const std::string&);
  struct Route {
    const char* pattern;
    const char* method;
    Action action;
    ActionOnOne action_on_one;
  };
  static const std::vector<Route> kRoutes = {
      {"/api/config", "GET", &PageApi::config, nullptr},
      {"/api/threads", "GET", &PageApi::list_threads, nullptr},
      {"/api/threads", "POST", &PageApi::create_thread, nullptr},
      {"/api/threads/{id}", "GET", nullptr, &PageApi::get_thread},
      {"/api/threads/{id}", "PATCH", nullptr, &PageApi::change_thread},
      {"/api/threads/{id}", "DELETE", nullptr, &PageApi::delete_thread},
      {"/api/threads/{id}/turns", "POST", nullptr, &PageApi::take_turn},
      {"/api/threads/{id}/stop", "POST", nullptr, &PageApi::stop_turn},
      {"/api/messages/{id}/feedback", "PUT", nullptr, &PageApi::set_feedback},
  };
  const Request& request = exchange->request;
  const auto segments = segments_of(request.path);
  std::string allowed;
  for (const Route& route : kRoutes) {
    const auto wanted = segments_of(route.pattern);
    if (wanted.size() != segments.size()) continue;
    std::string id;
    bool matches = true;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i] == "{id}") {
        id = segments[i];
      } else {
        matches &= wanted[i] == segments[i];
      }
    }
    if (!matches) continue;
    exchange->route = route.pattern;
    if (request.method != route.method) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
      continue;
    }
    later(exchange, [this, &route, id](const ExchangePtr& each) {
      if (route.action) {
        (page_api_.*route.action)(each);
      } else {
        (page_api_.*route.action_on_one)(each, id);
      }
    });
    return true;
  }
  if (allowed.empty()) return false;
  exchange->respond(method_not_allowed(request, allowed));
  return true;
}

void App::hold() {
  const std::lock_guard lock(pending_mutex_);
  ++pending_;
}

void App::run_held(const ExchangePtr& exchange, const std::function<void()>& work) {
  std::optional<Error> error;
  try {
    work();
  } catch (const Error& e) {
    error = e;
  } catch (const std::exception& e) {
    error.emplace(ErrorKind::kInternal, std::string("internal error: ") + e.what(),
                  "please report this");
  }
  if (error) {
    const Request& request = exchange->request;
    Response response = request.path.starts_with("/v1/") ? openai_error_response(*error, request.id)
                                                         : problem_response(*error, request.id);
    if (error->kind() == ErrorKind::kUnavailable) add_retry_after(response, kRestartSeconds);
    exchange->respond(std::move(response));
  }
  const std::lock_guard lock(pending_mutex_);
  if (--pending_ == 0) nothing_pending_.notify_all();
}

void App::later(const ExchangePtr& exchange, std::function<void(const ExchangePtr&)> work) {
  hold();
  assistant_.work().post(
      [this, exchange, work = std::move(work)] { run_held(exchange, [&] { work(exchange); }); });
}

void App::with_model(const ExchangePtr& exchange, WithModel work) {
  later(exchange, [this, work = std::move(work)](const ExchangePtr& each) {
    auto body = std::make_shared<const Json>(parse_json(each->request.body, "request body"));
    chat::ChatModel& own = assistant_.model();
    std::string name;
    if (body->is_object() && body->contains("model") && (*body)["model"].is_string())
      name = (*body)["model"].get<std::string>();
    // A name that nobody has is refused with the other fields.
    if (name == own.name() || !pool_ || !pool_->knows(name))
      return work(each, *body, chat::lease_of(own));
    hold();
    pool_->with(name, [this, each, body, work](chat::ModelLease model, const Error* error) {
      if (error) return run_held(each, [&] { throw Error(*error); });
      assistant_.work().post([this, each, body, work, model = std::move(model)]() mutable {
        run_held(each, [&] { work(each, *body, std::move(model)); });
      });
    });
  });
}

}  // namespace parley::server
