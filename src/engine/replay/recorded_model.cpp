#include "engine/replay/recorded_model.hpp"

#include <algorithm>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "engine/replay/replay.hpp"
#include "nn/files/packed_writer.hpp"

namespace parley::engine {
namespace {

constexpr int kChunk = 64;  // tokens of a reply computed together

std::string address_of(const nn::Model& model, int threads) {
  return model.address().empty() ? nn::PackedWriter(model, threads).address() : model.address();
}

}  // namespace

std::unique_ptr<nn::Model> load_recorded_model(const ReplayRecord& record,
                                               const package::ModelPackage& model, int threads) {
  nn::ModelOptions options;
  options.threads = threads;
  options.context = record.context;
  const auto precision = nn::precision_named(record.precision);
  if (!precision) {
    fail(ErrorKind::kInvalidInput, "the record is of an unknown precision: " + record.precision,
         "the record is damaged, or a newer Parley wrote it");
  }
  options.precision = *precision;
  auto loaded = model.load_weights(options);
  const std::string address = address_of(*loaded, threads);
  if (address != record.model) {
    fail(ErrorKind::kInvalidInput,
         model.path().string() + " is not the model of the record: its address is " + address +
             ", the record's " + record.model,
         "verify with the model that the reply was made with");
  }
  return loaded;
}

void complete_record(ReplayRecord& record, bool stopped, const package::ModelPackage& model,
                     const nn::ModelOptions& options) {
  const auto loaded = model.load_weights(options);
  record.model = address_of(*loaded, options.threads);
  record.precision = nn::precision_name(loaded->precision());
  record.context = loaded->context();
  ThreadTeam team(options.threads > 0 ? options.threads : usable_cpus());
  // A reply that stopped has one token more, the one that stopped it, unless text did.
  const std::size_t reply = record.tokens.size();
  const auto room = static_cast<std::size_t>(loaded->context()) - record.prompt.size();
  const std::size_t total = std::min(reply + (stopped ? 1 : 0), room);
  Replay replay(*loaded, nn::select_kernels(), team, record, static_cast<int>(total), kChunk);
  while (replay.step()) {
  }
  if (!replay.difference().empty())
    fail(ErrorKind::kInternal, "the reply does not come out the same: " + replay.difference(),
         "please report this with the processor and the model");
  const auto& stops = record.stop_tokens;
  const bool by_token = replay.tokens().size() > reply &&
                        std::ranges::find(stops, replay.tokens().back()) != stops.end();
  replay.fill(record, reply + (by_token ? 1 : 0));
}

}  // namespace parley::engine
