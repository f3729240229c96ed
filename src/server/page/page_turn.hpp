// A turn of the chat page, answered as an event stream: turn, the events of the reply's parts, then
// done or error.
#pragma once

#include <memory>

#include "server/page/turn_watch.hpp"
#include "store/store.hpp"

namespace parley::server {

std::shared_ptr<TurnWatch> make_page_turn(std::shared_ptr<Exchange> exchange, Metrics& metrics,
                                          store::Store& store);

}  // namespace parley::server
