#include "server/http/exchange_work.hpp"

#include <optional>
#include <utility>

#include "base/error.hpp"
#include "server/http/problem.hpp"

namespace parley::server {

void ExchangeWork::post(const std::shared_ptr<Exchange>& exchange, Job job) {
  suspend(exchange)(std::move(job));
}

ExchangeWork::Resume ExchangeWork::suspend(const std::shared_ptr<Exchange>& exchange) {
  {
    const std::lock_guard lock(mutex_);
    ++pending_;
  }
  return [this, exchange](Job job) {
    queue_.post([this, exchange, job = std::move(job)] { run(exchange, job); });
  };
}

void ExchangeWork::run(const std::shared_ptr<Exchange>& exchange, const Job& job) {
  std::optional<Error> error;
  try {
    job();
  } catch (const Error& e) {
    error = e;
  } catch (const std::exception& e) {
    error.emplace(ErrorKind::kInternal, std::string("internal error: ") + e.what(),
                  "please report this");
  }
  if (error) {
    Response response = error_response(exchange->surface, *error, exchange->request.id);
    if (error->kind() == ErrorKind::kUnavailable) add_retry_after(response, kRestartSeconds);
    exchange->respond(std::move(response));
  }
  const std::lock_guard lock(mutex_);
  if (--pending_ == 0) done_.notify_all();
}

void ExchangeWork::wait() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return pending_ == 0; });
}

}  // namespace parley::server
