#include "server/app.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/log.hpp"
#include "server/http/problem.hpp"

namespace parley::server {
namespace {

void log_access(const Served& served) {
  const bool routine = rules_of(served.surface).routine;
  log::event(routine ? log::Level::kDebug : log::Level::kInfo, "request",
             {{"id", served.id},
              {"method", served.method},
              {"route", served.route},
              {"status", served.status},
              {"ms", std::round(served.seconds * 1e4) / 10},
              {"bytes", served.bytes},
              {"complete", served.complete}});
}

std::vector<StaticPages> mounted(std::span<const Mount> mounts,
                                 std::span<const web::Bundle> bundles) {
  std::vector<StaticPages> out;
  for (const Mount& mount : mounts) {
    const auto bundle = std::ranges::find(bundles, mount.bundle, &web::Bundle::name);
    if (bundle != bundles.end()) out.emplace_back(mount, bundle->files);
  }
  return out;
}

}  // namespace

App::App(chat::Assistant& assistant, std::span<const web::Bundle> bundles,
         const AppOptions& options)
    : assistant_(assistant),
      pool_(options.pool),
      guard_({options.http.host, options.allowed_hosts, options.cors_origins}),
      pages_(mounted(options.mounts, bundles)),
      metrics_(assistant.model(), assistant.constraints(), options.version),
      work_(assistant.work()),
      completions_(assistant, metrics_, work_, options.pool),
      page_api_(assistant, metrics_, options.version) {
  add_operator_routes();
  add_page_routes();
  add_page_api_routes();
  add_openai_routes();
  const auto surface_of = [this](const Request& request) {
    return router_.match(request.method, request.path).surface;
  };
  HttpCalls calls;
  calls.handle = [this](const ExchangePtr& exchange) { handle(exchange); };
  calls.max_body_bytes = [surface_of](const Request& request) {
    return rules_of(surface_of(request)).max_body_bytes;
  };
  calls.refuse = [this, surface_of](const Request& request, int status, const std::string& detail) {
    const Surface surface = surface_of(request);
    Response response = error_response(surface, status, detail);
    for (auto& header : guard_.cors_headers(request, surface))
      response.headers.push_back(std::move(header));
    return response;
  };
  calls.served = [this](const Served& served) {
    metrics_.request(served);
    log_access(served);
  };
  http_ = std::make_unique<HttpServer>(options.http, std::move(calls));
}

App::~App() {
  shutting_down_ = true;
  http_->stop_accepting();
  http_.reset();  // no handler is called any more; what was being answered is cut
  if (pool_) pool_->stop();
  work_.wait();
  assistant_.stop_all(chat::StopCause::kShutdown);
  assistant_.wait_until_idle();  // the listeners of turns use the metrics
}

void App::begin_shutdown() {
  shutting_down_ = true;
  http_->stop_accepting();
}

void App::handle(const ExchangePtr& exchange) {
  const Request& request = exchange->request;
  const Router::Match match = router_.match(request.method, request.path);
  const Surface surface = exchange->surface = match.surface;
  exchange->common_headers = {{"X-Content-Type-Options", "nosniff"},
                              {"Referrer-Policy", "no-referrer"}};
  for (auto& header : guard_.cors_headers(request, surface))
    exchange->common_headers.push_back(std::move(header));
  if (auto refusal = guard_.refuse(request, surface)) {
    exchange->route = "forbidden";
    return exchange->respond(std::move(*refusal));
  }
  if (shutting_down_ && !rules_of(surface).during_shutdown) {
    Response response =
        error_response(surface, 503, "the server is shutting down", "try again in a moment");
    add_retry_after(response, kRestartSeconds);
    return exchange->respond(std::move(response));
  }
  if (match.label.empty())
    return exchange->respond(error_response(surface, 404, "there is nothing at this address"));
  exchange->route = match.label;
  if (match.route) return match.route->handler(exchange, match.values);
  if (auto preflight = guard_.preflight(request, surface, match.allow)) {
    exchange->route = "preflight";
    return exchange->respond(std::move(*preflight));
  }
  Response response =
      request.method == "OPTIONS"
          ? Response{204, {}, {}, {}, {}}
          : error_response(surface, 405,
                           request.method + " is not possible here; use " + match.allow);
  response.headers.emplace_back("Allow", match.allow);
  exchange->respond(std::move(response));
}

void App::with_model(const ExchangePtr& exchange, WithModel work) {
  work_.post(exchange, [this, exchange, work = std::move(work)] {
    auto body = std::make_shared<const Json>(parse_json(exchange->request.body, "request body"));
    chat::ChatModel& own = assistant_.model();
    std::string name;
    if (body->is_object() && body->contains("model") && (*body)["model"].is_string())
      name = (*body)["model"].get<std::string>();
    // A name that nobody has is refused with the other fields.
    if (name == own.name() || !pool_ || !pool_->knows(name))
      return work(exchange, *body, chat::lease_of(own));
    const auto resume = work_.suspend(exchange);
    pool_->with(name, [resume, exchange, body, work](chat::ModelLease model, const Error* error) {
      if (error) return resume([error = *error] { throw Error(error); });
      resume([exchange, body, work, model = std::move(model)]() mutable {
        work(exchange, *body, std::move(model));
      });
    });
  });
}

}  // namespace parley::server
