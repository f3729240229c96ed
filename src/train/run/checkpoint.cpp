#include "train/run/checkpoint.hpp"

#include <algorithm>
#include <cstring>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "base/sha256.hpp"

namespace parley::train {
namespace {
namespace fs = std::filesystem;

constexpr char kCheckpointMagic[] = {'P', 'A', 'R', 'L', 'E', 'Y', 'C', '1'};
constexpr std::size_t kHashAt = 8, kLengthAt = 72, kJsonAt = 80;
constexpr std::size_t kKeep = 2;

std::string file_name(std::int64_t step) {
  std::string digits = std::to_string(step);
  return "step-" + std::string(10 - std::min<std::size_t>(10, digits.size()), '0') + digits +
         ".ckpt";
}

// Newest first.
std::vector<fs::path> checkpoint_files(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".ckpt") out.push_back(entry.path());
  }
  std::sort(out.rbegin(), out.rend());
  return out;
}

// For both directions. Names every field there is: one that is new does not compile until it stands
// here too.
template <typename State, typename Visitor>
void each_field(State& state, const Visitor& visit) {
  auto& [step, steps, epoch, row, seconds, anchor_step, anchor_rate, replan_at, best_validation,
         best_step, worse_in_a_row, loss, validation_loss, stopped_early, plan] = state;
  visit("step", step);
  visit("steps", steps);
  visit("epoch", epoch);
  visit("row", row);
  visit("seconds", seconds);
  visit("anchor_step", anchor_step);
  visit("anchor_rate", anchor_rate);
  visit("replan_at", replan_at);
  visit("best_validation", best_validation);
  visit("best_step", best_step);
  visit("worse_in_a_row", worse_in_a_row);
  visit("loss", loss);
  visit("validation_loss", validation_loss);
  visit("stopped_early", stopped_early);
  visit("plan", plan);
}

}  // namespace

Json TrainState::to_json() const {
  Json json = Json::object();
  each_field(*this, [&](const char* name, const auto& value) { json[name] = value; });
  return json;
}

TrainState TrainState::from_json(const Json& json) {
  TrainState state;
  each_field(state, [&](const char* name, auto& value) { json.at(name).get_to(value); });
  return state;
}

void save_checkpoint(const fs::path& folder, const TrainState& state,
                     const std::vector<FloatArray>& arrays) {
  const std::string json = to_text(state.to_json());
  const std::uint64_t length = json.size();
  Sha256 hash;
  hash.update(&length, 8);
  hash.update(json);
  for (const FloatArray& a : arrays) hash.update(a.data, a.count * sizeof(float));
  AtomicFile file(folder / file_name(state.step));
  file.write(kCheckpointMagic, sizeof kCheckpointMagic);
  file.write(hash.hex());
  file.write(&length, 8);
  file.write(json);
  for (const FloatArray& a : arrays) file.write(a.data, a.count * sizeof(float));
  file.commit();
  const auto files = checkpoint_files(folder);
  for (std::size_t i = kKeep; i < files.size(); ++i) {
    std::error_code ignored;
    fs::remove(files[i], ignored);
  }
}

std::optional<TrainState> load_checkpoint(const fs::path& folder, const std::string& plan,
                                          const std::vector<FloatArray>& arrays) {
  std::size_t floats = 0;
  for (const FloatArray& a : arrays) floats += a.count;
  for (const fs::path& path : checkpoint_files(folder)) {
    const auto skip = [&](const std::string& why) {
      log::warn("checkpoint.skipped", {{"file", path.string()}, {"why", why}});
    };
    try {
      const MappedFile map(path);
      const std::string_view text = map.text();
      std::uint64_t length = 0;
      if (text.size() < kJsonAt ||
          std::memcmp(text.data(), kCheckpointMagic, sizeof kCheckpointMagic) != 0) {
        skip("not a checkpoint");
        continue;
      }
      std::memcpy(&length, text.data() + kLengthAt, 8);
      if (sha256_hex(text.substr(kLengthAt)) != text.substr(kHashAt, 64)) {
        skip("damaged: its hash does not match");
        continue;
      }
      if (length > text.size() - kJsonAt) {
        skip("damaged");
        continue;
      }
      const TrainState state =
          TrainState::from_json(parse_json(text.substr(kJsonAt, length), path.string()));
      if (state.plan != plan || text.size() != kJsonAt + length + floats * sizeof(float)) {
        skip("belongs to other data or settings");
        continue;
      }
      const char* at = text.data() + kJsonAt + length;
      for (const FloatArray& a : arrays) {
        std::memcpy(a.data, at, a.count * sizeof(float));
        at += a.count * sizeof(float);
      }
      return state;
    } catch (const std::exception& e) {
      skip(e.what());
    }
  }
  return std::nullopt;
}

}  // namespace parley::train
