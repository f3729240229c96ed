#include "nn/files/weight_source.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace parley::nn {
namespace {

template <typename T>
const T* find_by_name(const std::vector<T>& sorted, const std::string& name) {
  const auto found = std::lower_bound(sorted.begin(), sorted.end(), name,
                                      [](const T& x, const std::string& n) { return x.name < n; });
  return found != sorted.end() && found->name == name ? &*found : nullptr;
}

class KnownTensors final : public WeightSource {
 public:
  KnownTensors(std::string where, TensorList list, std::vector<std::shared_ptr<const void>> owners)
      : where_(std::move(where)), list_(std::move(list)), owners_(std::move(owners)) {
    const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
    std::sort(list_.tensors.begin(), list_.tensors.end(), by_name);
    std::sort(list_.unreadable.begin(), list_.unreadable.end(), by_name);
    const auto twice =
        std::adjacent_find(list_.tensors.begin(), list_.tensors.end(),
                           [](const auto& a, const auto& b) { return a.name == b.name; });
    if (twice != list_.tensors.end()) {
      fail(ErrorKind::kInvalidInput, where_ + ": tensor " + twice->name + " is there twice",
           "the files are mixed up; copy the model again");
    }
  }

  const TensorView* find(const std::string& name) const override {
    return find_by_name(list_.tensors, name);
  }
  const std::vector<TensorView>& tensors() const override { return list_.tensors; }
  const std::string& where() const override { return where_; }
  std::string unreadable(const std::string& name) const override {
    const UnreadableTensor* tensor = find_by_name(list_.unreadable, name);
    return tensor ? tensor->dtype : std::string();
  }

 private:
  std::string where_;
  TensorList list_;
  std::vector<std::shared_ptr<const void>> owners_;
};

}  // namespace

std::string WeightSource::unreadable(const std::string&) const {
  return {};
}

const TensorView& WeightSource::require(const std::string& name,
                                        const std::vector<std::int64_t>& shape) const {
  const TensorView* view = find(name);
  if (!view) {
    if (const std::string dtype = unreadable(name); !dtype.empty()) {
      std::string known;
      for (int i = 0; i <= static_cast<int>(DType::kIQ4_XS); ++i)
        known += (i ? ", " : "") + std::string(dtype_name(static_cast<DType>(i)));
      fail(ErrorKind::kInvalidInput, where() + ": tensor " + name + " is of type " + dtype,
           "supported: " + known);
    }
    fail(ErrorKind::kInvalidInput, where() + ": tensor " + name + " is missing",
         "the weights do not belong to this configuration");
  }
  if (view->shape != shape) {
    fail(ErrorKind::kInvalidInput,
         where() + ": tensor " + name + " has shape " + shape_text(view->shape) +
             ", the configuration says " + shape_text(shape),
         "the weights do not belong to this configuration");
  }
  return *view;
}

std::unique_ptr<WeightSource> make_weight_source(std::string where, TensorList list,
                                                 std::vector<std::shared_ptr<const void>> owners) {
  return std::make_unique<KnownTensors>(std::move(where), std::move(list), std::move(owners));
}

}  // namespace parley::nn
