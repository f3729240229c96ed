// What nearly every file includes, compiled once (cmake/precompiled.cmake). Every file still
// includes what it uses: this only saves the time of reading it again.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <exception>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "base/json.hpp"

namespace parley::precompiled {

// The conversions that most files ask of Json: what they instantiate comes with the precompiled
// header.
inline void usual_json() {
  Json value = {{"text", std::string()},
                {"number", 1},
                {"real", 1.0},
                {"flag", true},
                {"none", nullptr},
                {"size", std::size_t{1}},
                {"long", 1ll},
                {"list", {1, 2}},
                {"texts", std::vector<std::string>()},
                {"view", std::string_view()},
                {"value", Json()}};
  value["key"] = value.value("text", std::string());
  value[std::string("key")] = value.value("text", "");
  value.push_back(value.at("text").get<std::string>());
  value.emplace_back(value["number"].get<int>());
  (void)value["real"].get<double>();
  (void)value["flag"].get<bool>();
  (void)value["long"].get<long long>();
  (void)value["long"].get<std::size_t>();
  (void)value["texts"].get<std::vector<std::string>>();
  (void)value["text"].get_ref<const std::string&>();
  (void)(value.contains("key") && value.find("key") != value.end() && value == Json());
  for (const auto& each : value) (void)each.is_string();
  for (const auto& [key, each] : value.items()) (void)each.is_object();
}

}  // namespace parley::precompiled
