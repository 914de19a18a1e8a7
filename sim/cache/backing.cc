#include "sim/cache/backing.h"

#include <utility>

namespace faultline::cache {

Backing::Backing(uint32_t number, std::shared_ptr<storage::SimFile> file)
    : number_(number), file_(std::move(file)) {}

}  // namespace faultline::cache
