#include "control/shared_data_plane.h"

#include <utility>

namespace tealgate {

void SharedDataPlane::cut(const CutOrder& order, std::function<void(unsigned)> on_done) {
  Remainder* const rest = remainder();
  if (rest == nullptr) return own_.cut(order, std::move(on_done));
  struct Sum {
    unsigned exchanges = 0;
    int parts = 2;
  };
  const auto add = [sum = std::make_shared<Sum>(), on_done](unsigned exchanges) {
    sum->exchanges += exchanges;
    if (--sum->parts == 0) on_done(sum->exchanges);
  };
  own_.cut(order, add);
  rest->cut(order, add);
}

void SharedDataPlane::close_streams(const CloseOrder& order) {
  own_.close_streams(order);
  if (Remainder* const rest = remainder()) rest->close_streams(order);
}

}  // namespace tealgate
